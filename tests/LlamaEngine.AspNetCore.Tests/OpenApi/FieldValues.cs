using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>Values that try the bounds of a schema: at each bound, one step inside and one outside, and some of every kind.</summary>
internal static class FieldValues
{
    private static readonly string[] s_kinds =
    [
        "\"\"", "\"a\"", "0", "1", "-1", "1.5", "true", "false", "[]", "{}", "[\"a\"]", "[\"\"]", "[1]", "[-1]", "[[1]]", "[[]]",
        """{"a": "b"}""", """{"1": 1}""", "2147483648", "-9223372036854775808", "9223372036854775808",
    ];

    private static readonly string[] s_times = ["\"-1\"", "\"5m\"", "\"-2.5s\"", "\"1h30m\"", "\".5h1.s\"", "\"m\"", "\".\"", "\"1d\"", "\"5m-1s\""];

    /// <summary>All of them.</summary>
    public static IEnumerable<JsonNode> Of(JsonElement schema) => Parse(s_kinds.Concat(Bounds(schema)).Concat(Contents(schema)));

    /// <summary>Those at and around its bounds, without what is inside texts and objects.</summary>
    public static IEnumerable<JsonNode> AroundBounds(JsonElement schema) => Parse(Bounds(schema));

    /// <summary>A value that a schema allows.</summary>
    public static JsonNode Sample(JsonElement schema)
    {
        JsonElement one = RequestShapes.Alternatives(schema).First();
        if (one.TryGetProperty("enum", out JsonElement values))
            return JsonNode.Parse(values[0].GetRawText())!;
        JsonElement type = one.GetProperty("type");
        return (type.ValueKind == JsonValueKind.Array ? type[0] : type).GetString() switch
        {
            "string" => "a",
            "integer" or "number" => 1,
            "boolean" => true,
            "array" => new JsonArray(Sample(one.GetProperty("items"))),
            _ => new JsonObject((one.TryGetProperty("required", out JsonElement required) ? required.EnumerateArray().Select(name => name.GetString()!) : [])
                .Select(name => KeyValuePair.Create(name, (JsonNode?)Sample(one.GetProperty("properties").GetProperty(name))))),
        };
    }

    private static IEnumerable<JsonNode> Parse(IEnumerable<string> values) => values.Distinct(StringComparer.Ordinal).Select(json => JsonNode.Parse(json)!);

    private static IEnumerable<string> Bounds(JsonElement schema) => RequestShapes.Alternatives(schema).SelectMany(one => one.EnumerateObject().SelectMany(keyword => keyword.Name switch
    {
        "enum" => keyword.Value.EnumerateArray().SelectMany(value => (string[])[value.GetRawText(), value.GetRawText().ToUpperInvariant().Replace("TRUE", "true", StringComparison.Ordinal).Replace("FALSE", "false", StringComparison.Ordinal)]),
        "minimum" or "maximum" or "exclusiveMinimum" => Around(keyword.Value.GetDouble(), one.GetProperty("type").GetString() == "integer" ? 1 : 0.001),
        "minLength" or "maxLength" => Lengths(keyword.Value).Select(length => $"\"{new string('a', length)}\""),
        "minItems" or "maxItems" => Lengths(keyword.Value).Select(length => $"[{string.Join(',', Enumerable.Repeat(one.GetProperty("items").ValueKind == JsonValueKind.Object && one.GetProperty("items").EnumerateObject().Any() ? Sample(one.GetProperty("items")).ToJsonString() : "{}", length))}]"),
        "maxProperties" => Lengths(keyword.Value).Select(length => $"{{{string.Join(',', Enumerable.Range(0, length).Select(i => $"\"{i}\":\"a\""))}}}"),
        "items" => Bounds(keyword.Value).Select(item => $"[{item}]"),
        _ => [],
    }));

    private static IEnumerable<string> Contents(JsonElement schema) => RequestShapes.Alternatives(schema).SelectMany(one => one.EnumerateObject().SelectMany(keyword => keyword.Name switch
    {
        "pattern" => [.. s_times, "\"a b\"", "\"ä\"", $"\"{new string('a', 64)}\"", $"\"{new string('a', 65)}\""],
        "additionalProperties" when keyword.Value.ValueKind == JsonValueKind.Object => FieldNames(one).SelectMany(name => Of(keyword.Value).Select(value => $"{{\"{name}\":{value.ToJsonString()}}}")),
        _ => (string[])[],
    }));

    private static IEnumerable<string> FieldNames(JsonElement schema) =>
        schema.TryGetProperty("propertyNames", out JsonElement names) && names.TryGetProperty("maxLength", out JsonElement longest)
            ? ["1", new string('1', longest.GetInt32()), new string('1', longest.GetInt32() + 1), ""]
            : ["1", "a"];

    private static IEnumerable<int> Lengths(JsonElement bound) => new[] { bound.GetInt32() - 1, bound.GetInt32(), bound.GetInt32() + 1 }.Where(length => length >= 0);

    private static IEnumerable<string> Around(double bound, double step) => new[] { bound, bound - step, bound + step }.Select(value => value.ToString("R", CultureInfo.InvariantCulture));
}
