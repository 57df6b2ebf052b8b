using System.Collections.Immutable;

namespace LlamaEngine.Tools;

/// <summary>
/// Hermes 2 and 3, Qwen 2.5 and 3: <c>&lt;tool_call&gt;{"name": …, "arguments": …}&lt;/tool_call&gt;</c>, anywhere in the reply and as often as
/// they like. The last one need not be closed, since the end of the reply does that as well.
/// </summary>
internal sealed class HermesToolFormat : ToolFormat
{
    private const string Begin = "<tool_call>", End = "</tool_call>";

    public override ImmutableArray<string> Marks => [Begin, End];

    public override string Opening => Begin + "\n";

    public override int Find(ReadOnlySpan<char> text, bool isFresh) => FindMark(text, Begin);

    public override CallSpan Read(ReadOnlySpan<char> text, bool isFinal, JsonScanner scanner)
    {
        CallSpan open = isFinal ? CallSpan.Text(Math.Min(text.Length, Begin.Length)) : CallSpan.Open;
        int start = SkipSpace(text, Begin.Length);
        if (start >= text.Length)
            return open;
        int length = scanner.Scan(text[start..]);
        if (length <= 0)
            return length == 0 ? open : CallSpan.Text(Begin.Length);
        int behind = start + length, close = SkipSpace(text, behind);
        if (text[close..].StartsWith(End, StringComparison.Ordinal))
            return CallSpan.Call(close + End.Length, start..behind);
        if (!End.AsSpan().StartsWith(text[close..], StringComparison.Ordinal))
            return CallSpan.Text(Begin.Length);
        return isFinal ? CallSpan.Call(text.Length, start..behind) : CallSpan.Open;
    }
}
