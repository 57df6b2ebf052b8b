using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>Reads what stands for one or several texts: a text, a list of texts, a list of token ids, a list of such lists.</summary>
internal static class Inputs
{
    private const string Expected = "a text, a list of texts, a list of token ids, or a list of lists of token ids";

    /// <summary>The texts; at least one, none empty.</summary>
    /// <param name="most">Most texts.</param>
    /// <param name="allowSpecial">Special tokens written in a text count as such.</param>
    public static ImmutableArray<Prompt> Read(JsonNode given, string path, int most, bool allowSpecial = false)
    {
        if (given is not JsonArray list)
            return JsonRead.IsText(given) ? [ReadText(given, path, allowSpecial)] : throw JsonRead.Wrong(given, path, Expected);
        if (list.Count == 0)
            throw ApiException.Invalid($"'{path}' must not be empty.", path, "invalid_value");
        if (JsonRead.IsNumber(list[0]))
            return [Prompt.FromTokens(JsonRead.Tokens(list, path))];
        if (list.Count > most)
            throw ApiException.Invalid($"'{path}' must have at most {most} items, not {list.Count}.", path, "invalid_value");
        bool areTexts = JsonRead.IsText(list[0]);
        if (!areTexts && list[0] is not JsonArray)
            throw JsonRead.Wrong(list[0], $"{path}[0]", "a text, a token id or a list of token ids");
        return [.. list.Select((item, i) => areTexts ? ReadText(item, $"{path}[{i}]", allowSpecial) : ReadTokens(item, $"{path}[{i}]"))];
    }

    private static Prompt ReadText(JsonNode? node, string path, bool allowSpecial) =>
        Prompt.FromText(JsonRead.Text(node, path), allowSpecial);

    private static Prompt ReadTokens(JsonNode? node, string path) => JsonRead.Tokens(node, path) is { Length: > 0 } tokens
        ? Prompt.FromTokens(tokens)
        : throw ApiException.Invalid($"'{path}' must not be empty.", path, "invalid_value");
}
