using System.Collections.Immutable;

namespace LlamaEngine.Tools;

/// <summary>
/// Llama 3.1 to 3.3: <c>{"name": …, "parameters": …}</c> at the beginning of the reply or behind <c>&lt;|python_tag|&gt;</c>; further ones follow
/// with nothing, <c>;</c> or <c>,</c> between. JSON in the middle of a text is text.
/// </summary>
internal sealed class LlamaToolFormat : ToolFormat
{
    private const string Tag = "<|python_tag|>";

    public override ImmutableArray<string> Marks => [Tag];

    public override string Opening => "";

    protected override string ArgumentsName => "parameters";

    public override int Find(ReadOnlySpan<char> text, bool isFresh)
    {
        int start = isFresh ? SkipSpace(text, 0) : text.Length;
        return start < text.Length && text[start] is '{' or ';' or ',' ? start : FindMark(text, Tag);
    }

    public override CallSpan Read(ReadOnlySpan<char> text, bool isFinal, JsonScanner scanner)
    {
        int mark = text[0] == '{' ? 0 : text[0] is ';' or ',' ? 1 : Tag.Length;
        CallSpan isText = CallSpan.Text(Math.Min(text.Length, Math.Max(1, mark)));
        int start = SkipSpace(text, mark);
        int length = start < text.Length ? scanner.Scan(text[start..]) : 0;
        if (length > 0)
            return CallSpan.Call(start + length, start..(start + length));
        return length == 0 && !isFinal ? CallSpan.Open : isText;
    }
}
