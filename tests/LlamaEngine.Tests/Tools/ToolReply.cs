using System.Text;
using LlamaEngine.Templates;
using LlamaEngine.Tools;

namespace LlamaEngine.Tests.Tools;

/// <summary>Splits replies and writes what came out in one line: texts in quotes, calls as <c>name(arguments)</c>.</summary>
internal static class ToolReply
{
    /// <summary>A parser for a template and functions.</summary>
    public static ToolCallParser Parser(string template, params string[] names) =>
        new(ToolFormat.Of(ChatTemplate.Parse(template))!, names.Select(name => new ToolDefinition(name)));

    /// <summary>Everything that a reply is, given in pieces.</summary>
    public static string Parse(ToolCallParser parser, IEnumerable<string> pieces)
    {
        List<string> parts = [];
        StringBuilder text = new();
        foreach (ReplyPart part in pieces.SelectMany(piece => parser.Append(piece)).Concat(Flush(parser)))
        {
            text.Append(part.Text);
            if (part.Call is null)
                continue;
            AddText();
            parts.Add($"{part.Call.Name}({part.Call.Arguments.GetRawText()})");
        }
        AddText();
        return string.Join(' ', parts);

        void AddText()
        {
            if (text.Length > 0)
                parts.Add($"'{text}'");
            text.Clear();
        }
    }

    // What is left is asked for when everything else has been read.
    private static IEnumerable<ReplyPart> Flush(ToolCallParser parser)
    {
        foreach (ReplyPart part in parser.Flush())
            yield return part;
    }
}
