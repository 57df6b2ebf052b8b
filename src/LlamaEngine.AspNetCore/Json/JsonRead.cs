using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;

namespace LlamaEngine.AspNetCore.Json;

/// <summary>Reads single values of a request; each error names the field by its path and says what is expected.</summary>
internal static class JsonRead
{
    private const int LongestShown = 40;

    /// <summary>A text.</summary>
    public static string Text(JsonNode? node, string path) =>
        KindOf(node) == JsonValueKind.String ? node!.GetValue<string>() : throw Wrong(node, path, "a text");

    /// <summary>True or false.</summary>
    public static bool Flag(JsonNode? node, string path) => KindOf(node) switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(node, path, "true or false"),
    };

    /// <summary>A list.</summary>
    public static JsonArray List(JsonNode? node, string path, string expected = "a list") => node as JsonArray ?? throw Wrong(node, path, expected);

    /// <summary>An object.</summary>
    public static JsonObject Object(JsonNode? node, string path) => node as JsonObject ?? throw Wrong(node, path, "an object");

    /// <summary>A number in a range.</summary>
    public static double Number(JsonNode? node, string path, double least, double most)
    {
        string expected = $"a number from {Show(least)} to {Show(most)}";
        double number = NumberOf(node) ?? throw Wrong(node, path, expected);
        return number >= least && number <= most ? number : throw Wrong(node, path, expected);
    }

    /// <summary>A whole number in a range; one that is written with a fraction of zero counts.</summary>
    public static long Integer(JsonNode? node, string path, long least, long most)
    {
        string expected = most == int.MaxValue || most == long.MaxValue
            ? least is long.MinValue or int.MinValue ? "a whole number" : $"a whole number of at least {least}"
            : $"a whole number from {least} to {most}";
        long number = IntegerOf(node) ?? throw Wrong(node, path, expected);
        return number >= least && number <= most ? number : throw Wrong(node, path, expected);
    }

    /// <summary>Token ids, at least 0; whether they are in the vocabulary the engine checks.</summary>
    public static int[] Tokens(JsonNode? node, string path)
    {
        JsonArray list = List(node, path, "a list of token ids");
        var tokens = new int[list.Count];
        for (int i = 0; i < tokens.Length; i++)
            tokens[i] = (int)Integer(list[i], $"{path}[{i}]", 0, int.MaxValue);
        return tokens;
    }

    /// <summary>Whether it is a number.</summary>
    public static bool IsNumber(JsonNode? node) => KindOf(node) == JsonValueKind.Number;

    /// <summary>Whether it is a text.</summary>
    public static bool IsText(JsonNode? node) => KindOf(node) == JsonValueKind.String;

    /// <summary>The error for a value of the wrong kind, or out of its range.</summary>
    public static ApiException Wrong(JsonNode? node, string path, string expected) =>
        ApiException.Invalid($"'{path}' must be {expected}, not {Describe(node)}.", path, "invalid_value");

    private static JsonValueKind KindOf(JsonNode? node) => node?.GetValueKind() ?? JsonValueKind.Null;

    private static double? NumberOf(JsonNode? node)
    {
        if (!IsNumber(node))
            return null;
        JsonValue value = node!.AsValue();
        return value.TryGetValue(out double number) ? number : double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture);
    }

    private static long? IntegerOf(JsonNode? node)
    {
        if (!IsNumber(node))
            return null;
        if (node!.AsValue().TryGetValue(out long whole))
            return whole;
        return NumberOf(node) is { } number && number == Math.Truncate(number) && Math.Abs(number) < long.MaxValue ? (long)number : null;
    }

    private static string Describe(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject => "an object",
        JsonArray => "a list",
        _ => Shorten(node.ToJsonString()),
    };

    private static string Shorten(string json) => json.Length <= LongestShown ? json : $"{json[..LongestShown]}…";

    private static string Show(double number) => number.ToString(CultureInfo.InvariantCulture);
}
