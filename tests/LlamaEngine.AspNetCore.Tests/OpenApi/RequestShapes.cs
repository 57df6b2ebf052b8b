using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>An object of a request that refuses what it does not know.</summary>
/// <param name="Place">Where the document describes it.</param>
/// <param name="Fields">Its fields, by name.</param>
internal sealed record Shape(string Place, IReadOnlyDictionary<string, JsonElement> Fields);

/// <summary>An object in a body.</summary>
/// <param name="Path">Where it stands, as errors write it; empty: it is the body.</param>
/// <param name="Own">What the document says it is.</param>
/// <param name="Others">Names of fields that it would have as another alternative.</param>
internal sealed record Site(string Path, Shape Own, IReadOnlySet<string> Others);

/// <summary>Finds the objects of bodies, and what the document says about each.</summary>
internal static class RequestShapes
{
    private static readonly SchemaValidator s_validator = new(ApiDocument.Root);

    /// <summary>The objects of a body that refuse others, the body itself first.</summary>
    public static IEnumerable<Site> Sites(JsonElement schema, JsonElement body) => Sites(schema, body, "");

    /// <summary>All shapes that a schema may lead to.</summary>
    public static IEnumerable<Shape> All(JsonElement schema) => Alternatives(schema).SelectMany(one => (IEnumerable<Shape>)(ShapeOf(one) is { } shape
        ? [shape, .. shape.Fields.Values.SelectMany(All)]
        : one.TryGetProperty("items", out JsonElement items) ? All(items) : []));

    /// <summary>A field of an object in a body; the body is copied.</summary>
    public static JsonObject With(JsonElement body, Site site, string name, JsonNode? value)
    {
        JsonObject copy = JsonNode.Parse(body.GetRawText())!.AsObject();
        JsonNode at = copy;
        foreach (string step in site.Path.Replace("[", ".#", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal).Split('.', StringSplitOptions.RemoveEmptyEntries))
            at = step[0] == '#' ? at[int.Parse(step[1..], System.Globalization.CultureInfo.InvariantCulture)]! : at[step]!;
        at[name] = value;
        return copy;
    }

    /// <summary>What a schema means, one alternative at a time.</summary>
    public static IEnumerable<JsonElement> Alternatives(JsonElement schema)
    {
        schema = s_validator.Resolve(schema);
        string? several = schema.TryGetProperty("oneOf", out _) ? "oneOf" : schema.TryGetProperty("anyOf", out _) ? "anyOf" : null;
        return several is null ? [schema] : schema.GetProperty(several).EnumerateArray().SelectMany(Alternatives);
    }

    private static IEnumerable<Site> Sites(JsonElement schema, JsonElement value, string path)
    {
        JsonElement[] alternatives = [.. Alternatives(schema)];
        JsonElement own = Assert.Single(alternatives, one => s_validator.Validate(one, value) is null);
        if (value.ValueKind == JsonValueKind.Array)
            return value.EnumerateArray().SelectMany((item, i) => Sites(own.GetProperty("items"), item, $"{path}[{i}]"));
        if (value.ValueKind != JsonValueKind.Object || ShapeOf(own) is not { } shape)
            return [];
        HashSet<string> others = [.. alternatives.Select(ShapeOf).SelectMany(other => other?.Fields.Keys ?? []).Except(shape.Fields.Keys)];
        return
        [
            new Site(path, shape, others),
            .. value.EnumerateObject().SelectMany(field => Sites(shape.Fields[field.Name], field.Value, path.Length == 0 ? field.Name : $"{path}.{field.Name}")),
        ];
    }

    /// <summary>The shape of an object schema; null: it is none, or takes any fields.</summary>
    private static Shape? ShapeOf(JsonElement schema)
    {
        bool refuses = schema.TryGetProperty("unevaluatedProperties", out _)
            || schema.TryGetProperty("additionalProperties", out JsonElement others) && others.ValueKind == JsonValueKind.False;
        return refuses ? new Shape(schema.GetRawText(), FieldsOf(schema).ToDictionary(field => field.Name, field => field.Value)) : null;
    }

    private static IEnumerable<JsonProperty> FieldsOf(JsonElement schema)
    {
        schema = s_validator.Resolve(schema);
        IEnumerable<JsonProperty> parts = schema.TryGetProperty("allOf", out JsonElement all) ? all.EnumerateArray().SelectMany(FieldsOf) : [];
        return schema.TryGetProperty("properties", out JsonElement own) ? parts.Concat(own.EnumerateObject()) : parts;
    }
}
