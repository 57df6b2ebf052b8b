using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace LlamaEngine.Tests.Sampling.Structured;

/// <summary>
/// A plain validator of the keywords that structured output supports, straight from the specification. It shares nothing with what is tested:
/// it works on parsed JSON, with whole instances, .NET's regular expressions and decimal numbers.
/// </summary>
internal sealed class SchemaValidator(JsonElement root)
{
    /// <summary>Whether the schema accepts an instance.</summary>
    public bool IsValid(JsonElement instance) => IsValid(root, instance);

    private bool IsValid(JsonElement schema, JsonElement instance)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return schema.ValueKind == JsonValueKind.True;
        foreach (JsonProperty keyword in schema.EnumerateObject())
        {
            if (!Holds(schema, keyword.Name, keyword.Value, instance))
                return false;
        }
        return true;
    }

    private bool Holds(JsonElement schema, string keyword, JsonElement value, JsonElement instance) => instance.ValueKind switch
    {
        JsonValueKind.Number when HoldsForNumber(keyword, value, Decimal(instance)) is { } holds => holds,
        JsonValueKind.String when HoldsForString(keyword, value, instance.GetString()!) is { } holds => holds,
        JsonValueKind.Array when HoldsForArray(schema, keyword, value, instance) is { } holds => holds,
        JsonValueKind.Object when HoldsForObject(schema, keyword, value, instance) is { } holds => holds,
        _ => HoldsForAny(keyword, value, instance),
    };

    private bool HoldsForAny(string keyword, JsonElement value, JsonElement instance) => keyword switch
    {
        "type" => value.ValueKind == JsonValueKind.String ? IsOfType(value, instance) : value.EnumerateArray().Any(type => IsOfType(type, instance)),
        "const" => AreEqual(value, instance),
        "enum" => value.EnumerateArray().Any(item => AreEqual(item, instance)),
        "allOf" => value.EnumerateArray().All(item => IsValid(item, instance)),
        "anyOf" => value.EnumerateArray().Any(item => IsValid(item, instance)),
        "oneOf" => value.EnumerateArray().Count(item => IsValid(item, instance)) == 1,
        "$ref" => IsValid(Find(value.GetString()!), instance),
        _ => true,
    };

    private static bool? HoldsForNumber(string keyword, JsonElement value, decimal number) => keyword switch
    {
        "minimum" => number >= Decimal(value),
        "maximum" => number <= Decimal(value),
        "exclusiveMinimum" => number > Decimal(value),
        "exclusiveMaximum" => number < Decimal(value),
        "multipleOf" => number % Decimal(value) == 0,
        _ => null,
    };

    private static bool? HoldsForString(string keyword, JsonElement value, string text) => keyword switch
    {
        "minLength" => text.EnumerateRunes().Count() >= value.GetInt32(),
        "maxLength" => text.EnumerateRunes().Count() <= value.GetInt32(),
        "pattern" => Matches(value.GetString()!, text),
        _ => null,
    };

    private bool? HoldsForArray(JsonElement schema, string keyword, JsonElement value, JsonElement array) => keyword switch
    {
        "minItems" => array.GetArrayLength() >= value.GetInt32(),
        "maxItems" => array.GetArrayLength() <= value.GetInt32(),
        "prefixItems" => value.EnumerateArray().Zip(array.EnumerateArray()).All(pair => IsValid(pair.First, pair.Second)),
        "items" => array.EnumerateArray().Skip(schema.TryGetProperty("prefixItems", out JsonElement first) ? first.GetArrayLength() : 0)
            .All(item => IsValid(value, item)),
        _ => null,
    };

    private bool? HoldsForObject(JsonElement schema, string keyword, JsonElement value, JsonElement instance) => keyword switch
    {
        "minProperties" => instance.EnumerateObject().Count() >= value.GetInt32(),
        "maxProperties" => instance.EnumerateObject().Count() <= value.GetInt32(),
        "required" => value.EnumerateArray().All(name => instance.TryGetProperty(name.GetString()!, out _)),
        "properties" => value.EnumerateObject().All(own => !instance.TryGetProperty(own.Name, out JsonElement member) || IsValid(own.Value, member)),
        "patternProperties" => value.EnumerateObject().All(own =>
            instance.EnumerateObject().All(member => !Matches(own.Name, member.Name) || IsValid(own.Value, member.Value))),
        "additionalProperties" => instance.EnumerateObject().All(member => IsNamed(schema, member.Name) || IsValid(value, member.Value)),
        "propertyNames" => instance.EnumerateObject().All(member =>
        {
            using JsonDocument name = JsonDocument.Parse(JsonSerializer.Serialize(member.Name));
            return IsValid(value, name.RootElement);
        }),
        _ => null,
    };

    private static bool IsNamed(JsonElement schema, string name) =>
        (schema.TryGetProperty("properties", out JsonElement own) && own.TryGetProperty(name, out _))
        || (schema.TryGetProperty("patternProperties", out JsonElement patterns) && patterns.EnumerateObject().Any(pattern => Matches(pattern.Name, name)));

    private static bool IsOfType(JsonElement type, JsonElement instance) => type.GetString() switch
    {
        "null" => instance.ValueKind == JsonValueKind.Null,
        "boolean" => instance.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "number" => instance.ValueKind == JsonValueKind.Number,
        "integer" => instance.ValueKind == JsonValueKind.Number && Decimal(instance) % 1 == 0,
        "string" => instance.ValueKind == JsonValueKind.String,
        "array" => instance.ValueKind == JsonValueKind.Array,
        _ => instance.ValueKind == JsonValueKind.Object,
    };

    private static bool AreEqual(JsonElement a, JsonElement b)
    {
        if (a.ValueKind != b.ValueKind)
            return false;
        return a.ValueKind switch
        {
            JsonValueKind.Number => Decimal(a) == Decimal(b),
            JsonValueKind.String => a.GetString() == b.GetString(),
            JsonValueKind.Array => a.GetArrayLength() == b.GetArrayLength() && a.EnumerateArray().Zip(b.EnumerateArray()).All(pair => AreEqual(pair.First, pair.Second)),
            JsonValueKind.Object => a.EnumerateObject().Count() == b.EnumerateObject().Count()
                && a.EnumerateObject().All(member => b.TryGetProperty(member.Name, out JsonElement other) && AreEqual(member.Value, other)),
            _ => true,
        };
    }

    private JsonElement Find(string reference)
    {
        JsonElement element = root;
        foreach (string step in reference.Split('/').Skip(1))
        {
            string name = step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            element = element.ValueKind == JsonValueKind.Array ? element[int.Parse(name, CultureInfo.InvariantCulture)] : element.GetProperty(name);
        }
        return element;
    }

    // Numbers that a decimal cannot hold exactly do not come up where something is asked of them.
    private static decimal Decimal(JsonElement number) =>
        decimal.TryParse(number.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value) ? value : decimal.MaxValue;

    // ECMA-262's $ is the end of the text alone, its classes are ASCII's, and what is beyond 16 bits is one character. (No pattern of the
    // tests names such a character.)
    private static bool Matches(string pattern, string text)
    {
        string units = string.Concat(text.EnumerateRunes().Select(rune => rune.IsBmp ? (char)rune.Value : '\uFFFD'));
        return Regex.IsMatch(units, Regex.Replace(pattern, @"(?<!\\)\$", "(?!.|\n)"), RegexOptions.ECMAScript, TimeSpan.FromSeconds(5));
    }
}
