using System.Text.Json;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>Reads const and enum as schemas: 1 and 1.0 are one number, and the properties of an object have no order.</summary>
internal readonly struct LiteralReader(SchemaReader reader, RawSchema owner, string keyword)
{
    /// <summary>Adds to the schema that the instance is one of these values.</summary>
    public void Read(IReadOnlyList<JsonElement> values)
    {
        if (values.Count == 0)
            throw new UnsupportedSchemaException(owner.Pointer, keyword, "it has no values.");
        RawSchema scalars = Create();
        scalars.Kinds = JsonKinds.None;
        (scalars.Strings, scalars.Numbers) = (new HashSet<string>(StringComparer.Ordinal), []);
        var options = new List<RawSchema>();
        foreach (JsonElement value in values)
        {
            if (value.ValueKind is JsonValueKind.Array or JsonValueKind.Object)
                options.Add(ReadContainer(value));
            else
                AddScalar(scalars, value);
        }
        if (scalars.Kinds != JsonKinds.None)
            options.Add(scalars);
        if (options.Count == 1)
            owner.And.Add(options[0]);
        else
            owner.Or.Add([.. options]);
    }

    private RawSchema Create()
    {
        RawSchema schema = reader.Create(owner.Pointer);
        schema.HasOwnKeywords = true;
        return schema;
    }

    private void AddScalar(RawSchema schema, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                schema.Kinds |= JsonKinds.String;
                schema.Strings!.Add(Text(value));
                break;
            case JsonValueKind.Number:
                schema.Kinds |= JsonKinds.Number;
                schema.Numbers!.Add(ExactDecimal.TryRead(value)
                    ?? throw new UnsupportedSchemaException(owner.Pointer, keyword, "a number is too large, or has too many digits."));
                break;
            default:
                schema.Kinds |= value.ValueKind switch
                {
                    JsonValueKind.True => JsonKinds.True,
                    JsonValueKind.False => JsonKinds.False,
                    _ => JsonKinds.Null,
                };
                break;
        }
    }

    private string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new UnsupportedSchemaException(owner.Pointer, keyword, "a string has half a surrogate pair.");
        }
    }

    private RawSchema ReadValue(JsonElement value)
    {
        if (value.ValueKind is JsonValueKind.Array or JsonValueKind.Object)
            return ReadContainer(value);
        RawSchema schema = Create();
        schema.Kinds = JsonKinds.None;
        (schema.Strings, schema.Numbers) = (new HashSet<string>(StringComparer.Ordinal), []);
        AddScalar(schema, value);
        return schema;
    }

    private RawSchema ReadContainer(JsonElement value)
    {
        RawSchema schema = Create();
        if (value.ValueKind == JsonValueKind.Array)
        {
            LiteralReader self = this;
            schema.Kinds = JsonKinds.Array;
            schema.PrefixItems = [.. value.EnumerateArray().Select(item => self.ReadValue(item))];
            schema.MinItems = schema.MaxItems = schema.PrefixItems.Length;
            return schema;
        }
        schema.Kinds = JsonKinds.Object;
        foreach (JsonProperty member in value.EnumerateObject())
        {
            if (!schema.Properties.TryAdd(member.Name, ReadValue(member.Value)))
                throw new UnsupportedSchemaException(owner.Pointer, keyword, $"'{member.Name}' stands twice in an object.");
        }
        schema.Required = [.. schema.Properties.Keys];
        schema.AdditionalProperties = reader.Create(owner.Pointer);
        schema.AdditionalProperties.IsFalse = schema.AdditionalProperties.HasOwnKeywords = true;
        return schema;
    }
}
