using System.Text.Json;
using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>Reads the keywords of one schema.</summary>
internal readonly struct KeywordReader(SchemaReader reader, RawSchema schema)
{
    /// <summary>Reads a keyword; false: it is not supported.</summary>
    public bool TryRead(string keyword, JsonElement value)
    {
        schema.HasOwnKeywords |= keyword is not ("$ref" or "allOf" or "anyOf" or "oneOf");
        return TryReadCombination(keyword, value) || TryReadNumbers(keyword, value) || TryReadSizes(keyword, value)
            || TryReadArrays(keyword, value) || TryReadObjects(keyword, value);
    }

    /// <summary>Called behind the last keyword.</summary>
    public void Finish()
    {
        if (schema.OneOf is null)
            return;
        schema.BesideOneOf = reader.Create(schema.Pointer);
        schema.CopyWithoutOneOf(schema.BesideOneOf);
    }

    private bool TryReadCombination(string keyword, JsonElement value)
    {
        switch (keyword)
        {
            case "$ref":
                schema.And.Add(reader.ReadReference(Text(keyword, value), schema.Pointer));
                return true;
            case "allOf":
                schema.And.AddRange(ReadList(keyword, value));
                return true;
            case "anyOf":
                schema.Or.Add(ReadList(keyword, value));
                return true;
            case "oneOf":
                schema.OneOf = ReadList(keyword, value);
                schema.Or.Add(schema.OneOf);
                return true;
            case "type":
                ReadTypes(value);
                return true;
            case "const":
                new LiteralReader(reader, schema, keyword).Read([value]);
                return true;
            case "enum":
                new LiteralReader(reader, schema, keyword).Read([.. Array(keyword, value).EnumerateArray()]);
                return true;
            case "uniqueItems" when value.ValueKind == JsonValueKind.False:
                return true;
            default:
                return false;
        }
    }

    private bool TryReadNumbers(string keyword, JsonElement value)
    {
        switch (keyword)
        {
            case "minimum":
                schema.Minimum = Number(keyword, value);
                return true;
            case "maximum":
                schema.Maximum = Number(keyword, value);
                return true;
            case "exclusiveMinimum":
                schema.ExclusiveMinimum = Number(keyword, value);
                return true;
            case "exclusiveMaximum":
                schema.ExclusiveMaximum = Number(keyword, value);
                return true;
            case "multipleOf":
                ExactDecimal factor = Number(keyword, value);
                if (factor.Sign <= 0)
                    throw Invalid(keyword, "it must be above 0.");
                AddMultiple(factor);
                return true;
            default:
                return false;
        }
    }

    private bool TryReadSizes(string keyword, JsonElement value)
    {
        switch (keyword)
        {
            case "minLength":
                schema.MinLength = Count(keyword, value);
                return true;
            case "maxLength":
                schema.MaxLength = Count(keyword, value);
                return true;
            case "minItems":
                schema.MinItems = Count(keyword, value);
                return true;
            case "maxItems":
                schema.MaxItems = Count(keyword, value);
                return true;
            case "minProperties":
                schema.MinProperties = Count(keyword, value);
                return true;
            case "maxProperties":
                schema.MaxProperties = Count(keyword, value);
                return true;
            case "pattern":
                schema.Pattern = Pattern(keyword, Text(keyword, value));
                return true;
            default:
                return false;
        }
    }

    private bool TryReadArrays(string keyword, JsonElement value)
    {
        switch (keyword)
        {
            case "prefixItems":
                schema.PrefixItems = ReadList(keyword, value);
                return true;
            case "items":
                schema.Items = ReadMember(keyword, value);
                return true;
            default:
                return false;
        }
    }

    private bool TryReadObjects(string keyword, JsonElement value)
    {
        switch (keyword)
        {
            case "properties":
                foreach ((string name, JsonElement member) in Members(keyword, value))
                    schema.Properties.Add(name, reader.Read(member, $"{schema.Pointer}/{keyword}/{SchemaReferences.Escape(name)}"));
                return true;
            case "patternProperties":
                foreach ((string name, JsonElement member) in Members(keyword, value))
                    schema.PatternProperties.Add((Pattern(keyword, name), reader.Read(member, $"{schema.Pointer}/{keyword}/{SchemaReferences.Escape(name)}")));
                return true;
            case "additionalProperties":
                schema.AdditionalProperties = ReadMember(keyword, value);
                return true;
            case "propertyNames":
                schema.PropertyNames = ReadMember(keyword, value);
                return true;
            case "required":
                foreach (JsonElement name in Array(keyword, value).EnumerateArray())
                    schema.Required.Add(Text(keyword, name));
                return true;
            default:
                return false;
        }
    }

    private void ReadTypes(JsonElement value)
    {
        JsonElement[] names = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        JsonKinds kinds = JsonKinds.None;
        bool integers = false;
        foreach (JsonElement name in names)
        {
            string text = Text("type", name);
            integers |= text == "integer";
            kinds |= text switch
            {
                "null" => JsonKinds.Null,
                "boolean" => JsonKinds.True | JsonKinds.False,
                "integer" => JsonKinds.None,
                "number" => JsonKinds.Number,
                "string" => JsonKinds.String,
                "array" => JsonKinds.Array,
                "object" => JsonKinds.Object,
                _ => throw Invalid("type", $"there is no type '{text}'."),
            };
        }
        if (integers && !kinds.HasFlag(JsonKinds.Number))
        {
            kinds |= JsonKinds.Number;
            AddMultiple(ExactDecimal.Of(1));
        }
        schema.Kinds &= kinds;
    }

    private void AddMultiple(ExactDecimal factor) =>
        schema.MultipleOf = schema.MultipleOf is { } other ? ExactDecimal.LeastCommonMultiple(other, factor) : factor;

    private RawSchema ReadMember(string keyword, JsonElement value) => reader.Read(value, $"{schema.Pointer}/{keyword}");

    private RawSchema[] ReadList(string keyword, JsonElement value)
    {
        JsonElement list = Array(keyword, value);
        if (list.GetArrayLength() == 0)
            throw Invalid(keyword, "it must have at least one schema.");
        var result = new RawSchema[list.GetArrayLength()];
        for (int i = 0; i < result.Length; i++)
            result[i] = reader.Read(list[i], $"{schema.Pointer}/{keyword}/{i}");
        return result;
    }

    private List<(string Name, JsonElement Value)> Members(string keyword, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw Invalid(keyword, "it must be an object.");
        var members = new List<(string, JsonElement)>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (!names.Add(member.Name))
                throw Invalid(keyword, $"'{member.Name}' stands there twice.");
            members.Add((member.Name, member.Value));
        }
        return members;
    }

    private CharDfa Pattern(string keyword, string pattern)
    {
        try
        {
            return PatternCompiler.Compile(pattern, reader.Budget.Spend);
        }
        catch (PatternException exception)
        {
            throw Invalid(keyword, $"the pattern '{pattern}': {exception.Message}");
        }
    }

    private string Text(string keyword, JsonElement value)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Invalid(keyword, "it must be a string, or a list of them.");
        }
        catch (InvalidOperationException)
        {
            throw Invalid(keyword, "a string has half a surrogate pair.");
        }
    }

    private JsonElement Array(string keyword, JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value : throw Invalid(keyword, "it must be an array.");

    private ExactDecimal Number(string keyword, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Number)
            throw Invalid(keyword, "it must be a number.");
        return ExactDecimal.TryRead(value) ?? throw Invalid(keyword, "the number is too large, or has too many digits.");
    }

    private int Count(string keyword, JsonElement value)
    {
        ExactDecimal number = Number(keyword, value);
        if (number.Sign < 0 || !number.IsInteger)
            throw Invalid(keyword, "it must be a whole number that is not negative.");
        // More than that is never generated, nor more than that required in vain.
        return number.CompareTo(ExactDecimal.Of(int.MaxValue / 2)) > 0 ? int.MaxValue / 2 : (int)number.Scaled(0);
    }

    private UnsupportedSchemaException Invalid(string keyword, string reason) => new(schema.Pointer, keyword, reason);
}
