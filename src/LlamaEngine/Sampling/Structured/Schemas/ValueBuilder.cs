using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>Makes the parts of a node: one a kind of value and alternative, where they cannot be put together.</summary>
/// <param name="node">Gives the node of a value that satisfies all of some schemas.</param>
/// <param name="expand">Gives the ways to satisfy some schemas.</param>
/// <param name="budget">What it may take.</param>
internal sealed class ValueBuilder(Func<IEnumerable<RawSchema>, Node> node, Func<RawSchema[], List<Alternative>> expand, CompileBudget budget)
{
    private static readonly NumberRange s_wholeNumbers = new(MultipleOf: ExactDecimal.Of(1));

    private static readonly ScalarPart s_number = new(NumberDfas.All), s_integer = new(NumberDfas.Integers);

    private readonly ObjectBuilder _objects = new(node, expand, budget);

    /// <summary>Makes the parts.</summary>
    public ValuePart[] Build(List<Alternative> alternatives)
    {
        var parts = new List<ValuePart>();
        var words = new SortedSet<string>(StringComparer.Ordinal);
        foreach ((JsonKinds kinds, RawSchema[] schemas) in alternatives)
        {
            if (kinds.HasFlag(JsonKinds.Null))
                Add(ScalarPart.Null);
            if (kinds.HasFlag(JsonKinds.True))
                Add(ScalarPart.True);
            if (kinds.HasFlag(JsonKinds.False))
                Add(ScalarPart.False);
            if (kinds.HasFlag(JsonKinds.Number))
                Add(BuildNumber(schemas));
            if (kinds.HasFlag(JsonKinds.String))
                Add(BuildString(schemas, words));
            if (kinds.HasFlag(JsonKinds.Array))
                Add(BuildArray(schemas));
            if (kinds.HasFlag(JsonKinds.Object))
                Add(_objects.Build(schemas));
        }
        if (words.Count > 0)
            Add(new StringPart(CharDfas.OfWords([.. words])));
        return [.. parts];

        void Add(ValuePart? part)
        {
            if (part is not null && !parts.Contains(part))
                parts.Add(part);
        }
    }

    private ScalarPart? BuildNumber(RawSchema[] schemas)
    {
        NumberRange range = schemas.Aggregate(new NumberRange(), (range, schema) => range.And(schema));
        IEnumerable<ExactDecimal>? values = null;
        foreach (RawSchema schema in schemas)
        {
            if (schema.Numbers is { } own)
                values = values?.Intersect(own) ?? own;
        }
        if (values is null && range.IsAll)
            return s_number;
        if (values is null && range == s_wholeNumbers)
            return s_integer;
        if (values is not null)
            return new ScalarPart(NumberWords.Create(values.Where(range.Contains), budget));
        return new ScalarPart(NumberDfas.Create(range, budget)
            ?? throw new UnsupportedSchemaException(schemas[0].Pointer, "multipleOf", "its multiples take too large an automaton."));
    }

    // Single words are gathered: those of all alternatives are one automaton.
    private StringPart? BuildString(RawSchema[] schemas, SortedSet<string> words)
    {
        IEnumerable<string>? literals = null;
        foreach (RawSchema schema in schemas)
        {
            if (schema.Strings is { } own)
                literals = literals?.Intersect(own) ?? own;
        }
        if (literals is not null)
        {
            words.UnionWith(literals.Where(word => StringLanguage.Contains(schemas, word)));
            return null;
        }
        (int least, int most) = StringLanguage.Lengths(schemas);
        if (!Array.Exists(schemas, schema => schema.Pattern is not null))
            return new StringPart(least, most);
        CharDfa dfa = StringLanguage.Create(schemas, budget);
        budget.Spend(4 * dfa.Count);
        return new StringPart(dfa);
    }

    private ArrayPart BuildArray(RawSchema[] schemas)
    {
        budget.Spend(schemas.Length);
        var items = new Node[schemas.Select(schema => schema.PrefixItems.Length).DefaultIfEmpty().Max() + 1];
        for (int i = 0; i < items.Length; i++)
            items[i] = node(schemas.Select(schema => i < schema.PrefixItems.Length ? schema.PrefixItems[i] : schema.Items).OfType<RawSchema>());
        int least = schemas.Select(schema => schema.MinItems).DefaultIfEmpty().Max();
        return new ArrayPart(items, least, schemas.Select(schema => schema.MaxItems).DefaultIfEmpty(int.MaxValue).Min());
    }
}
