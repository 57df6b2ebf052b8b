using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace LlamaEngine.Tools;

/// <summary>Mistral's models up to the tokenizer of version 3: <c>[TOOL_CALLS][{"name": …, "arguments": …}, …]</c>.</summary>
internal sealed class MistralToolFormat : ToolFormat
{
    private const string Begin = "[TOOL_CALLS]";

    public override ImmutableArray<string> Marks => [Begin];

    public override string Opening => Begin;

    /// <summary>The calls are a list, also where there is only one.</summary>
    public override JsonObject ForcedSchema(ImmutableArray<ToolDefinition> tools) => new()
    {
        ["type"] = "array",
        ["items"] = ForcedCall.Schema(tools, ArgumentsName, "/items"),
        ["minItems"] = 1,
        ["maxItems"] = 1,
    };

    /// <summary>The template refuses ids of another length.</summary>
    public override string NewId() => RandomLetters(9);

    public override int Find(ReadOnlySpan<char> text, bool isFresh) => FindMark(text, Begin);

    public override CallSpan Read(ReadOnlySpan<char> text, bool isFinal, JsonScanner scanner)
    {
        int start = SkipSpace(text, Begin.Length);
        int length = start < text.Length ? scanner.Scan(text[start..]) : 0;
        if (length > 0)
            return CallSpan.Call(start + length, start..(start + length));
        return length == 0 && !isFinal ? CallSpan.Open : CallSpan.Text(Math.Min(text.Length, Begin.Length));
    }
}
