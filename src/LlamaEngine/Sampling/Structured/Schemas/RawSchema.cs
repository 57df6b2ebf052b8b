using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>The kinds of JSON values; true and false are two.</summary>
[Flags]
internal enum JsonKinds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>null.</summary>
    Null = 1,

    /// <summary>true.</summary>
    True = 2,

    /// <summary>false.</summary>
    False = 4,

    /// <summary>A number.</summary>
    Number = 8,

    /// <summary>A string.</summary>
    String = 16,

    /// <summary>An array.</summary>
    Array = 32,

    /// <summary>An object.</summary>
    Object = 64,

    /// <summary>All of them.</summary>
    All = 127,
}

/// <summary>
/// One schema as it stands in its document, with keywords read and checked, but not yet combined with others. What a keyword that is
/// missing would allow is the default.
/// </summary>
internal sealed class RawSchema(int id, string pointer)
{
    /// <summary>Its number in the document.</summary>
    public int Id { get; } = id;

    /// <summary>Where it stands.</summary>
    public string Pointer { get; } = pointer;

    /// <summary>The schema <c>false</c>.</summary>
    public bool IsFalse { get; set; }

    /// <summary>It has a keyword that says something about its instance by itself.</summary>
    public bool HasOwnKeywords { get; set; }

    /// <summary>Kinds of values.</summary>
    public JsonKinds Kinds { get; set; } = JsonKinds.All;

    /// <summary>The only strings; null: any.</summary>
    public HashSet<string>? Strings { get; set; }

    /// <summary>The only numbers; null: any.</summary>
    public HashSet<ExactDecimal>? Numbers { get; set; }

    /// <summary>The least number.</summary>
    public ExactDecimal? Minimum { get; set; }

    /// <summary>The largest number.</summary>
    public ExactDecimal? Maximum { get; set; }

    /// <summary>Numbers are above it.</summary>
    public ExactDecimal? ExclusiveMinimum { get; set; }

    /// <summary>Numbers are below it.</summary>
    public ExactDecimal? ExclusiveMaximum { get; set; }

    /// <summary>Numbers are multiples of it; whole numbers are multiples of 1.</summary>
    public ExactDecimal? MultipleOf { get; set; }

    /// <summary>Code points of a string.</summary>
    public int MinLength { get; set; }

    /// <summary>Code points of a string.</summary>
    public int MaxLength { get; set; } = int.MaxValue;

    /// <summary>What a string matches.</summary>
    public CharDfa? Pattern { get; set; }

    /// <summary>The first items.</summary>
    public RawSchema[] PrefixItems { get; set; } = [];

    /// <summary>The items behind them; null: anything.</summary>
    public RawSchema? Items { get; set; }

    /// <summary>Items of an array.</summary>
    public int MinItems { get; set; }

    /// <summary>Items of an array.</summary>
    public int MaxItems { get; set; } = int.MaxValue;

    /// <summary>Properties by name.</summary>
    public Dictionary<string, RawSchema> Properties { get; set; } = [];

    /// <summary>Properties by a pattern of their names.</summary>
    public List<(CharDfa Pattern, RawSchema Schema)> PatternProperties { get; } = [];

    /// <summary>All other properties; null: anything.</summary>
    public RawSchema? AdditionalProperties { get; set; }

    /// <summary>The names of properties; null: anything.</summary>
    public RawSchema? PropertyNames { get; set; }

    /// <summary>Properties that must be there.</summary>
    public HashSet<string> Required { get; set; } = [];

    /// <summary>Properties of an object.</summary>
    public int MinProperties { get; set; }

    /// <summary>Properties of an object.</summary>
    public int MaxProperties { get; set; } = int.MaxValue;

    /// <summary>Schemas that hold as well ($ref, allOf).</summary>
    public List<RawSchema> And { get; } = [];

    /// <summary>Of each list at least one holds (anyOf, enum, oneOf).</summary>
    public List<RawSchema[]> Or { get; } = [];

    /// <summary>The alternatives of oneOf, which <see cref="Or"/> has as well; null: there is none.</summary>
    public RawSchema[]? OneOf { get; set; }

    /// <summary>The same schema without its oneOf: under it the alternatives must exclude each other.</summary>
    public RawSchema? BesideOneOf { get; set; }

    /// <summary>Copies it into an empty one, without the alternatives of oneOf.</summary>
    public void CopyWithoutOneOf(RawSchema copy)
    {
        copy.IsFalse = IsFalse;
        copy.HasOwnKeywords = HasOwnKeywords;
        copy.Kinds = Kinds;
        copy.Strings = Strings;
        copy.Numbers = Numbers;
        copy.Minimum = Minimum;
        copy.Maximum = Maximum;
        copy.ExclusiveMinimum = ExclusiveMinimum;
        copy.ExclusiveMaximum = ExclusiveMaximum;
        copy.MultipleOf = MultipleOf;
        copy.MinLength = MinLength;
        copy.MaxLength = MaxLength;
        copy.Pattern = Pattern;
        copy.PrefixItems = PrefixItems;
        copy.Items = Items;
        copy.MinItems = MinItems;
        copy.MaxItems = MaxItems;
        copy.Properties = Properties;
        copy.AdditionalProperties = AdditionalProperties;
        copy.PropertyNames = PropertyNames;
        copy.Required = Required;
        copy.MinProperties = MinProperties;
        copy.MaxProperties = MaxProperties;
        copy.PatternProperties.AddRange(PatternProperties);
        copy.And.AddRange(And);
        copy.Or.AddRange(Or.Where(options => options != OneOf));
    }
}
