using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>Makes the part of objects that satisfy several schemas at once.</summary>
/// <param name="node">Gives the node of a value that satisfies all of some schemas.</param>
/// <param name="expand">Gives the ways to satisfy some schemas.</param>
/// <param name="budget">What it may take.</param>
internal sealed class ObjectBuilder(Func<IEnumerable<RawSchema>, Node> node, Func<RawSchema[], List<Alternative>> expand, CompileBudget budget)
{
    private const int MaxPatterns = 30;

    private static readonly Node s_never = new();

    /// <summary>Makes the part.</summary>
    public ObjectPart Build(RawSchema[] schemas)
    {
        string[] names = [.. schemas.SelectMany(schema => schema.Properties.Keys.Concat(schema.Required)).Distinct()];
        (RawSchema Owner, CharDfa Pattern)[] patterns = [.. schemas.SelectMany(schema => schema.PatternProperties.Select(pair => (schema, pair.Pattern)))];
        budget.Spend(2L * (names.Sum(name => name.Length) + names.Length) * (schemas.Length + 1));
        if (patterns.Length > MaxPatterns)
            throw new UnsupportedSchemaException(schemas[0].Pointer, "patternProperties", $"more than {MaxPatterns} patterns hold for one object.");
        CharDfa? allowed = AllowedNames(schemas);
        var values = new List<Node>();
        foreach (string name in names)
            values.Add(allowed is null || allowed.Match(name) >= 0 ? node(schemas.SelectMany(schema => Values(schema, name))) : s_never);
        CharDfa keys = CreateKeys(schemas, names, [.. patterns.Select(pair => pair.Pattern)], allowed, values);
        budget.Spend(4L * keys.Count * (patterns.Length + 2));
        var required = new ulong[(names.Length + 63) / 64];
        for (int name = 0; name < names.Length; name++)
        {
            if (Array.Exists(schemas, schema => schema.Required.Contains(names[name])))
                required[name >> 6] |= 1UL << name;
        }
        int least = schemas.Select(schema => schema.MinProperties).DefaultIfEmpty().Max();
        int most = schemas.Select(schema => schema.MaxProperties).DefaultIfEmpty(int.MaxValue).Min();
        return new ObjectPart(new ObjectRules(keys, [.. values], names.Length, required, least, most));
    }

    // Outcomes: the names; behind them one a set of patterns that match, with its value appended.
    private CharDfa CreateKeys(RawSchema[] schemas, string[] names, CharDfa[] patterns, CharDfa? allowed, List<Node> values)
    {
        var classes = new Dictionary<int, int>();
        int first = allowed is null ? 0 : 1;
        CharDfa[] parts = [.. allowed is null ? [] : (CharDfa[])[allowed], CharDfas.OfWords(names), .. patterns, CharDfas.Any];
        return CharDfas.Product(parts, Outcome, first, budget.Spend)
            ?? throw new UnsupportedSchemaException(schemas[0].Pointer, "patternProperties", $"names and patterns together take more than {CharDfas.MaxStates} states.");

        int Outcome(int[] outcomes)
        {
            if (first > 0 && outcomes[0] < 0)
                return CharDfa.None;
            if (outcomes[first] >= 0)
                return outcomes[first];
            int matches = 0;
            for (int i = 0; i < patterns.Length; i++)
                matches |= outcomes[first + 1 + i] >= 0 ? 1 << i : 0;
            if (!classes.TryGetValue(matches, out int outcome))
            {
                outcome = values.Count;
                classes.Add(matches, outcome);
                values.Add(node(FreeValues(schemas, matches)));
            }
            return outcome;
        }
    }

    // properties and patternProperties hold side by side; additionalProperties holds where neither of its own schema does.
    private static IEnumerable<RawSchema> Values(RawSchema schema, string name)
    {
        bool found = schema.Properties.TryGetValue(name, out RawSchema? own);
        if (found)
            yield return own!;
        foreach ((CharDfa pattern, RawSchema value) in schema.PatternProperties)
        {
            if (pattern.Match(name) < 0)
                continue;
            found = true;
            yield return value;
        }
        if (!found && schema.AdditionalProperties is { } other)
            yield return other;
    }

    private static List<RawSchema> FreeValues(RawSchema[] schemas, int matches)
    {
        var result = new List<RawSchema>();
        int bit = 0;
        foreach (RawSchema schema in schemas)
        {
            bool found = false;
            foreach ((_, RawSchema value) in schema.PatternProperties)
            {
                if ((matches >> bit++ & 1) == 0)
                    continue;
                found = true;
                result.Add(value);
            }
            if (!found && schema.AdditionalProperties is { } other)
                result.Add(other);
        }
        return result;
    }

    // The strings that all propertyNames allow; null: all.
    private CharDfa? AllowedNames(RawSchema[] schemas)
    {
        RawSchema[] rules = [.. schemas.Select(schema => schema.PropertyNames).OfType<RawSchema>()];
        if (rules.Length == 0)
            return null;
        CharDfa[] ways = [.. expand(rules).Where(way => way.Kinds.HasFlag(JsonKinds.String)).Select(way => StringLanguage.Create(way.Schemas, budget))];
        return ways.Length switch
        {
            0 => CharDfas.OfWords([]),
            1 => ways[0],
            _ => CharDfas.Product(ways, outcomes => outcomes.Max() < 0 ? CharDfa.None : 0, 0, budget.Spend)
                ?? throw new UnsupportedSchemaException(schemas[0].Pointer, "propertyNames", $"its alternatives take more than {CharDfas.MaxStates} states."),
        };
    }
}
