using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.Tests.Sampling.Structured;

/// <summary>Random schemas of the supported keywords, and random values that often satisfy them, or nearly do.</summary>
internal sealed class RandomSchemas(int seed)
{
    private static readonly string[] s_names = ["a", "b", "ab", "name", "id", "x_1", "x_2", "tags", "größe", "k\"q"];

    private static readonly string[] s_patterns = ["^[a-c]+$", "^x", "[0-9]{2}", "^(on|off)$", "^[A-Z][a-z]{0,4}$", "^\\d{1,3}(\\.\\d)?$", "e$", "^.{2}$", "^[^a-z]*$"];

    private readonly Random _random = new(seed);

    /// <summary>A whole schema.</summary>
    public JsonNode Next()
    {
        JsonObject schema = Schema(3);
        schema["$defs"] = new JsonObject
        {
            ["leaf"] = Scalar(),
            ["list"] = JsonNode.Parse("""{"type":"object","properties":{"v":{"type":"integer","minimum":0,"maximum":99},"next":{"$ref":"#/$defs/list"}},"required":["v"],"additionalProperties":false}"""),
        };
        return schema;
    }

    /// <summary>A value for a schema.</summary>
    public JsonNode? Value(JsonNode root, JsonNode? schema, int depth = 5)
    {
        if (depth == 0 || schema is not JsonObject own || _random.Next(12) == 0)
            return Anything(1);
        if (own["const"] is { } single)
            return single.DeepClone();
        if (own["enum"] is JsonArray list)
            return list[_random.Next(list.Count)]?.DeepClone();
        foreach (string keyword in (string[])["anyOf", "oneOf", "allOf"])
        {
            if (own[keyword] is JsonArray options && _random.Next(8) > 0)
                return Value(root, options[_random.Next(options.Count)], depth - 1);
        }
        if (own["$ref"]?.GetValue<string>() is { } reference)
            return Value(root, root["$defs"]![reference["#/$defs/".Length..]], depth - 1);
        string? type = own["type"] is JsonArray types ? types[_random.Next(types.Count)]!.GetValue<string>() : own["type"]?.GetValue<string>();
        return type switch
        {
            "object" => Members(root, own, depth),
            "array" => Items(root, own, depth),
            "string" => Text(own),
            "integer" => _random.Next(-3, 120),
            "number" => JsonNode.Parse((_random.Next(-500, 12000) / 100m).ToString(CultureInfo.InvariantCulture)),
            "boolean" => _random.Next(2) == 0,
            "null" => null,
            _ => Anything(1),
        };
    }

    private JsonObject Schema(int depth) => (depth == 0 ? _random.Next(4) : _random.Next(14)) switch
    {
        < 4 => Scalar(),
        < 8 => Object(depth - 1),
        < 10 => Array(depth - 1),
        10 => new JsonObject { ["anyOf"] = new JsonArray(Schema(depth - 1), Schema(depth - 1), Schema(depth - 1)) },
        11 => OneOf(depth - 1),
        12 => new JsonObject { ["allOf"] = new JsonArray(Object(depth - 1), Object(depth - 1)) },
        _ => new JsonObject { ["$ref"] = _random.Next(2) == 0 ? "#/$defs/leaf" : "#/$defs/list", ["description"] = "a reference" },
    };

    private JsonObject Scalar()
    {
        switch (_random.Next(9))
        {
            case 0:
                return new JsonObject { ["enum"] = new JsonArray("red", "green", 1, 2.50m, null, true, new JsonArray(1, "x"), new JsonObject { ["k"] = 1 }) };
            case 1:
                return new JsonObject { ["const"] = _random.Next(2) == 0 ? "fixed ä" : 12.5m };
            case 2:
                return new JsonObject { ["type"] = _random.Next(2) == 0 ? "boolean" : "null" };
            case 3 or 4:
                var integer = new JsonObject { ["type"] = "integer", ["minimum"] = _random.Next(-50, 10) };
                if (_random.Next(2) == 0)
                    integer["exclusiveMaximum"] = _random.Next(11, 200);
                if (_random.Next(3) == 0)
                    integer["multipleOf"] = _random.Next(2, 8);
                return integer;
            case 5:
                var number = new JsonObject { ["type"] = new JsonArray("number", "null"), ["maximum"] = _random.Next(1, 300) / 10m };
                if (_random.Next(2) == 0)
                    number["exclusiveMinimum"] = -_random.Next(1, 300) / 100m;
                if (_random.Next(3) == 0)
                    number["multipleOf"] = 0.25m;
                return number;
            case 6:
                return new JsonObject { ["type"] = "string", ["pattern"] = s_patterns[_random.Next(s_patterns.Length)] };
            case 7:
                return new JsonObject { ["type"] = "string", ["minLength"] = _random.Next(3), ["maxLength"] = _random.Next(3, 12) };
            default:
                return new JsonObject { ["type"] = "string", ["pattern"] = "^[a-z ]*$", ["maxLength"] = _random.Next(3, 20) };
        }
    }

    private JsonObject Object(int depth)
    {
        string[] names = [.. s_names.OrderBy(_ => _random.Next()).Take(_random.Next(1, 5))];
        var schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject(names.Select(name => KeyValuePair.Create(name, (JsonNode?)Schema(depth)))) };
        schema["required"] = new JsonArray([.. names.Where(_ => _random.Next(2) == 0).Select(name => (JsonNode)name)]);
        if (_random.Next(3) > 0)
            schema["additionalProperties"] = _random.Next(3) > 0 ? false : Scalar();
        if (_random.Next(5) == 0)
            schema["patternProperties"] = new JsonObject { ["^x_"] = new JsonObject { ["type"] = new JsonArray("string", "integer") } };
        if (_random.Next(6) == 0)
            schema["minProperties"] = _random.Next(1, 4);
        if (_random.Next(4) == 0)
            schema["maxProperties"] = _random.Next(1, 6);
        if (_random.Next(8) == 0)
            schema["propertyNames"] = new JsonObject { ["maxLength"] = 5 };
        return schema;
    }

    private JsonObject Array(int depth)
    {
        var schema = new JsonObject { ["type"] = "array", ["maxItems"] = _random.Next(2, 6) };
        if (_random.Next(3) == 0)
            schema["prefixItems"] = new JsonArray(Schema(depth), Schema(depth));
        if (_random.Next(4) > 0)
            schema["items"] = Schema(depth);
        if (_random.Next(2) == 0)
            schema["minItems"] = _random.Next(3);
        return schema;
    }

    private JsonObject OneOf(int depth) => new()
    {
        ["oneOf"] = new JsonArray(Tagged("circle", depth), Tagged("square", depth), new JsonObject { ["type"] = "integer", ["maximum"] = 5 }),
    };

    private JsonObject Tagged(string kind, int depth) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { ["kind"] = new JsonObject { ["const"] = kind }, [kind[..2]] = Schema(depth) },
        ["required"] = new JsonArray("kind"),
        ["maxProperties"] = 3,
    };

    private JsonNode? Anything(int depth) => _random.Next(depth == 0 ? 5 : 7) switch
    {
        0 => null,
        1 => _random.Next(2) == 0,
        2 => _random.Next(-5, 60),
        3 => JsonNode.Parse((_random.Next(-500, 5000) / 100m).ToString(CultureInfo.InvariantCulture)),
        4 => Text(new JsonObject()),
        5 => new JsonArray(Anything(depth - 1), Anything(depth - 1)),
        _ => new JsonObject { [s_names[_random.Next(s_names.Length)]] = Anything(depth - 1) },
    };

    private JsonNode Text(JsonObject schema)
    {
        const string Letters = "abcxeAZ019. äß\"\\\n😀";
        if (schema["pattern"]?.GetValue<string>() is { } pattern && _random.Next(5) > 0)
        {
            string[] likely = ["abc", "x", "xy", "12", "on", "off", "Abcd", "123.4", "the", "e", "ab", "ABC", "", "7", "words here"];
            return likely[_random.Next(likely.Length)];
        }
        var runes = Letters.EnumerateRunes().ToArray();
        return string.Concat(Enumerable.Range(0, _random.Next(14)).Select(_ => runes[_random.Next(runes.Length)].ToString()));
    }

    private JsonObject Members(JsonNode root, JsonObject schema, int depth)
    {
        var result = new JsonObject();
        var required = new HashSet<string>(schema["required"]?.AsArray().Select(name => name!.GetValue<string>()) ?? []);
        foreach ((string name, JsonNode? value) in (schema["properties"] as JsonObject ?? []).OrderBy(_ => _random.Next()))
        {
            if (required.Contains(name) ? _random.Next(20) > 0 : _random.Next(2) == 0)
                result[name] = Value(root, value, depth - 1);
        }
        if (_random.Next(4) == 0)
            result[s_names[_random.Next(s_names.Length)]] = schema["additionalProperties"] is JsonObject other ? Value(root, other, depth - 1) : Anything(1);
        return result;
    }

    private JsonArray Items(JsonNode root, JsonObject schema, int depth)
    {
        var prefix = schema["prefixItems"] as JsonArray;
        var result = new JsonArray();
        for (int i = _random.Next(5); i > 0; i--)
            result.Add(Value(root, result.Count < prefix?.Count ? prefix[result.Count] : schema["items"], depth - 1));
        return result;
    }
}
