using System.Text;
using System.Text.Json;
using LlamaEngine.Tokenization.Splitting;

namespace LlamaEngine.Tokenization.Json;

/// <summary>Reads a pattern: <c>{"String": …}</c> or <c>{"Regex": …}</c>.</summary>
internal static class PatternReader
{
    /// <summary>Reads the pattern of a component.</summary>
    /// <exception cref="UnsupportedModelException">The regular expression uses something that is not implemented.</exception>
    public static SplitPattern Read(JsonField component)
    {
        JsonField pattern = component.Required("pattern");
        if (pattern.Element.ValueKind == JsonValueKind.Object && pattern["Regex"] is { } regex)
            return KnownPatterns.Get(regex.AsText());
        string text = pattern.IsText ? pattern.AsText() : pattern.TextOf("String");
        return text.Length > 0
            ? new LiteralPattern(Encoding.UTF8.GetBytes(text))
            : throw pattern.Wrong("is empty");
    }
}
