using System.Text.Json;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>
/// Reads the schemas of a document that can be reached from its root. What is not known is refused by name; annotations are left out, as the
/// specification says.
/// </summary>
internal sealed class SchemaReader
{
    private const int MaxSchemas = 20_000, MaxDepth = 200;

    private static readonly HashSet<string> s_annotations =
    [
        "title", "description", "default", "examples", "$comment", "deprecated", "readOnly", "writeOnly", "format", "contentEncoding",
        "contentMediaType", "contentSchema", "$defs", "definitions",
    ];

    // With one of these, $ref, type and all else that is supported mean what draft 2020-12 says, or something weaker.
    private static readonly HashSet<string> s_dialects =
    [
        "https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema", "http://json-schema.org/draft-06/schema",
    ];

    private readonly Dictionary<string, RawSchema> _byPointer = new(StringComparer.Ordinal);
    private readonly SchemaReferences _references;
    private readonly List<RawSchema> _all = [];
    private int _depth;

    private SchemaReader(JsonElement root, CompileBudget budget) => (_references, Budget) = (new SchemaReferences(root), budget);

    /// <summary>What compiling may still take.</summary>
    public CompileBudget Budget { get; }

    /// <summary>Schemas made so far, also those that stand in no document.</summary>
    public IReadOnlyList<RawSchema> All => _all;

    /// <summary>Reads a document.</summary>
    /// <exception cref="UnsupportedSchemaException">It is invalid, or asks for what is not supported.</exception>
    public static (RawSchema Root, SchemaReader Reader) Read(JsonElement document, CompileBudget budget)
    {
        var reader = new SchemaReader(document, budget);
        try
        {
            return (reader.Read(document, ""), reader);
        }
        catch (InvalidOperationException)
        {
            throw new UnsupportedSchemaException("", "", "a name in it has half a surrogate pair.");
        }
    }

    /// <summary>Makes a schema that stands in no document.</summary>
    public RawSchema Create(string pointer)
    {
        if (_all.Count >= MaxSchemas)
            throw new UnsupportedSchemaException(pointer, "", $"it has more than {MaxSchemas} parts.");
        _all.Add(new RawSchema(_all.Count, pointer));
        return _all[^1];
    }

    /// <summary>Reads the schema at a place, or gives what was read there before.</summary>
    public RawSchema Read(JsonElement element, string pointer)
    {
        if (_byPointer.TryGetValue(pointer, out RawSchema? known))
            return known;
        RawSchema schema = Create(pointer);
        _byPointer.Add(pointer, schema);
        if (++_depth > MaxDepth)
            throw new UnsupportedSchemaException(pointer, "", $"it is nested more than {MaxDepth} levels deep.");
        switch (element.ValueKind)
        {
            case JsonValueKind.True:
                break;
            case JsonValueKind.False:
                schema.IsFalse = schema.HasOwnKeywords = true;
                break;
            case JsonValueKind.Object:
                ReadKeywords(element, schema);
                break;
            default:
                throw new UnsupportedSchemaException(pointer, "", "a schema is an object, true or false.");
        }
        _depth--;
        return schema;
    }

    /// <summary>Reads what a $ref names.</summary>
    public RawSchema ReadReference(string reference, string pointer)
    {
        (JsonElement element, string target) = _references.Resolve(reference, pointer);
        return Read(element, target);
    }

    private void ReadKeywords(JsonElement element, RawSchema schema)
    {
        var keywords = new KeywordReader(this, schema);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!seen.Add(property.Name))
                throw new UnsupportedSchemaException(schema.Pointer, property.Name, "it stands there twice.");
            if (s_annotations.Contains(property.Name) || property.Name.StartsWith("x-", StringComparison.Ordinal))
                continue;
            if (!TryReadCore(property, schema) && !keywords.TryRead(property.Name, property.Value))
                throw new UnsupportedSchemaException(schema.Pointer, property.Name, Reason(property.Name));
        }
        keywords.Finish();
    }

    private static bool TryReadCore(JsonProperty property, RawSchema schema)
    {
        switch (property.Name)
        {
            case "$schema":
                string? dialect = property.Value.ValueKind == JsonValueKind.String ? property.Value.GetString() : null;
                if (schema.Pointer.Length > 0 || dialect is null || !s_dialects.Contains(dialect.TrimEnd('#')))
                    throw new UnsupportedSchemaException(schema.Pointer, "$schema", "the supported dialect is draft 2020-12, named at the root.");
                return true;
            case "$id":
                if (schema.Pointer.Length > 0)
                    throw new UnsupportedSchemaException(schema.Pointer, "$id", "a schema inside another one may have no base of its own.");
                return true;
            case "$anchor":
                return true;
            default:
                return false;
        }
    }

    private static string Reason(string keyword) => keyword switch
    {
        "not" or "if" or "then" or "else" or "contains" or "minContains" or "maxContains" or "uniqueItems" or "dependentRequired"
            or "dependentSchemas" or "unevaluatedItems" or "unevaluatedProperties" or "$dynamicRef" or "$dynamicAnchor" or "$vocabulary" =>
            "it cannot be guaranteed token by token.",
        _ => "it is unknown; keywords of one's own begin with 'x-'.",
    };
}
