using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>
/// Checks values against schemas of a document, by the rules of JSON Schema 2020-12, as far as the document uses them: any other keyword throws,
/// so that none is passed over.
/// </summary>
/// <param name="document">What references point into.</param>
/// <param name="isClosed">Objects may have no fields but those that are named, also where the schema leaves them open.</param>
internal sealed class SchemaValidator(JsonElement document, bool isClosed = false)
{
    /// <summary>What is wrong with a value, and where; null: nothing.</summary>
    public string? Validate(JsonElement schema, JsonElement value) => Check(schema, value, "$", []);

    /// <summary>A schema, or what it refers to.</summary>
    public JsonElement Resolve(JsonElement schema)
    {
        if (!schema.TryGetProperty("$ref", out JsonElement reference))
            return schema;
        string[] steps = reference.GetString()!.Split('/');
        Assert.Equal("#", steps[0]);
        return Resolve(steps[1..].Aggregate(document, (at, step) => at.GetProperty(step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))));
    }

    /// <param name="known">Gets the fields that the schema has looked at.</param>
    private string? Check(JsonElement schema, JsonElement value, string at, HashSet<string> known)
    {
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            if (CheckKeyword(keyword, schema, value, at, known) is { } error)
                return error;
        }
        bool isOpen = schema.TryGetProperty("additionalProperties", out _) || !schema.TryGetProperty("properties", out _);
        bool refusesOthers = schema.TryGetProperty("unevaluatedProperties", out _) || isClosed && !isOpen;
        return refusesOthers && value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().Where(field => !known.Contains(field.Name)).Select(field => $"{at}.{field.Name} is not in the schema").FirstOrDefault()
            : null;
    }

    private string? CheckKeyword(JsonProperty keyword, JsonElement schema, JsonElement value, string at, HashSet<string> known) => keyword.Name switch
    {
        "description" or "default" or "examples" or "discriminator" or "contentEncoding" => null,
        "unevaluatedProperties" => keyword.Value.ValueKind == JsonValueKind.False ? null : throw new NotSupportedException("unevaluatedProperties other than false"),
        "$ref" => Check(Resolve(schema), value, at, known),
        "allOf" => keyword.Value.EnumerateArray().Select(part => Check(part, value, at, known)).FirstOrDefault(error => error is not null),
        "anyOf" => CheckSome(keyword.Value, value, at, known, int.MaxValue),
        "oneOf" => CheckSome(keyword.Value, value, at, known, 1),
        "type" => Types(keyword.Value).Any(type => IsOf(type, value)) ? null : $"{at} is not of type {keyword.Value}: {value}",
        "enum" => keyword.Value.EnumerateArray().Any(one => JsonElement.DeepEquals(one, value)) ? null : $"{at} is none of {keyword.Value}: {value}",
        _ => value.ValueKind switch
        {
            JsonValueKind.Object => CheckObject(keyword, schema, value, at, known),
            JsonValueKind.Array => CheckArray(keyword, value, at),
            JsonValueKind.String => CheckText(keyword, value.GetString()!, at),
            JsonValueKind.Number => CheckNumber(keyword, value, at),
            _ => Pass(keyword),
        },
    };

    private string? CheckSome(JsonElement schemas, JsonElement value, string at, HashSet<string> known, int most)
    {
        List<string> errors = [];
        int matches = 0;
        foreach (JsonElement schema in schemas.EnumerateArray())
        {
            HashSet<string> seen = [];
            if (Check(schema, value, at, seen) is { } error)
            {
                errors.Add(error);
                continue;
            }
            matches++;
            known.UnionWith(seen);
        }
        return matches == 0 ? $"{at} matches no alternative ({string.Join("; ", errors)})" : matches > most ? $"{at} matches {matches} alternatives" : null;
    }

    private string? CheckObject(JsonProperty keyword, JsonElement schema, JsonElement value, string at, HashSet<string> known)
    {
        switch (keyword.Name)
        {
            case "required":
                return keyword.Value.EnumerateArray().Where(name => !value.TryGetProperty(name.GetString()!, out _)).Select(name => $"{at}.{name} is missing").FirstOrDefault();
            case "maxProperties":
                return value.EnumerateObject().Count() <= keyword.Value.GetInt32() ? null : $"{at} has more than {keyword.Value} fields";
            case "propertyNames":
                return value.EnumerateObject()
                    .Select(field => Check(keyword.Value, JsonSerializer.SerializeToElement(field.Name), $"the name {at}.{field.Name}", [])).FirstOrDefault(error => error is not null);
            case "properties":
                known.UnionWith(keyword.Value.EnumerateObject().Select(property => property.Name));
                return keyword.Value.EnumerateObject()
                    .Select(property => value.TryGetProperty(property.Name, out JsonElement field) ? Check(property.Value, field, $"{at}.{property.Name}", []) : null)
                    .FirstOrDefault(error => error is not null);
            case "additionalProperties":
                HashSet<string> named = schema.TryGetProperty("properties", out JsonElement properties) ? [.. properties.EnumerateObject().Select(property => property.Name)] : [];
                JsonProperty[] others = [.. value.EnumerateObject().Where(field => !named.Contains(field.Name))];
                known.UnionWith(others.Select(field => field.Name));
                return keyword.Value.ValueKind == JsonValueKind.False
                    ? others.Select(field => $"{at}.{field.Name} is not in the schema").FirstOrDefault()
                    : others.Select(field => Check(keyword.Value, field.Value, $"{at}.{field.Name}", [])).FirstOrDefault(error => error is not null);
            default:
                return Pass(keyword);
        }
    }

    private string? CheckArray(JsonProperty keyword, JsonElement value, string at) => keyword.Name switch
    {
        "minItems" => value.GetArrayLength() >= keyword.Value.GetInt32() ? null : $"{at} has fewer than {keyword.Value} items",
        "maxItems" => value.GetArrayLength() <= keyword.Value.GetInt32() ? null : $"{at} has more than {keyword.Value} items",
        "items" => value.EnumerateArray().Select((item, i) => Check(keyword.Value, item, $"{at}[{i}]", [])).FirstOrDefault(error => error is not null),
        _ => Pass(keyword),
    };

    private static string? CheckText(JsonProperty keyword, string text, string at) => keyword.Name switch
    {
        "minLength" => text.EnumerateRunes().Count() >= keyword.Value.GetInt32() ? null : $"{at} is shorter than {keyword.Value}",
        "maxLength" => text.EnumerateRunes().Count() <= keyword.Value.GetInt32() ? null : $"{at} is longer than {keyword.Value}",
        "pattern" => Regex.IsMatch(text, keyword.Value.GetString()!, RegexOptions.None, TimeSpan.FromSeconds(5)) ? null : $"{at} does not match {keyword.Value}: {text}",
        _ => Pass(keyword),
    };

    private static string? CheckNumber(JsonProperty keyword, JsonElement value, string at)
    {
        double number = value.GetDouble();
        bool isRight = keyword.Name switch
        {
            "minimum" => number >= keyword.Value.GetDouble(),
            "exclusiveMinimum" => number > keyword.Value.GetDouble(),
            "maximum" => number <= keyword.Value.GetDouble(),
            "format" when keyword.Value.GetString() == "int32" => number is >= int.MinValue and <= int.MaxValue,
            "format" when keyword.Value.GetString() == "int64" => value.TryGetInt64(out _) || Math.Abs(number) < long.MaxValue,
            _ => Pass(keyword) is null,
        };
        return isRight ? null : string.Create(CultureInfo.InvariantCulture, $"{at} is against {keyword.Name} {keyword.Value}: {number}");
    }

    /// <summary>A keyword that says nothing about values of this kind.</summary>
    private static string? Pass(JsonProperty keyword) => keyword.Name switch
    {
        "required" or "maxProperties" or "propertyNames" or "properties" or "additionalProperties" or "minItems" or "maxItems" or "items"
            or "minLength" or "maxLength" or "pattern" or "minimum" or "exclusiveMinimum" or "maximum" => null,
        "format" when keyword.Value.GetString() is "int32" or "int64" or "binary" => null,
        _ => throw new NotSupportedException($"The keyword '{keyword}' is not known to the validator."),
    };

    private static IEnumerable<string> Types(JsonElement type) => type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()!) : [type.GetString()!];

    private static bool IsOf(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && (value.TryGetInt64(out _) || value.GetDouble() == Math.Truncate(value.GetDouble())),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        _ => throw new NotSupportedException($"The type '{type}' is not known to the validator."),
    };
}
