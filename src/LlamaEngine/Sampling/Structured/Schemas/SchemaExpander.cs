using LlamaEngine.Sampling.Structured.Automaton;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>One way to satisfy schemas: a value of these kinds that satisfies the keywords of all of these.</summary>
internal readonly record struct Alternative(JsonKinds Kinds, RawSchema[] Schemas);

/// <summary>Multiplies schemas out: $ref and allOf join, anyOf, oneOf and enum branch.</summary>
internal static class SchemaExpander
{
    private const int MaxAlternatives = 1_024;

    /// <summary>All ways to satisfy all of these schemas at once.</summary>
    /// <param name="budget">What it may take.</param>
    /// <param name="onOneOf">Told of each oneOf that is met.</param>
    public static List<Alternative> Expand(RawSchema[] schemas, CompileBudget budget, Action<RawSchema> onOneOf)
    {
        var result = new List<Alternative>();
        var known = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<Branch>();
        open.Push(new Branch(schemas));
        int steps = 0;
        while (open.TryPop(out Branch? branch))
        {
            if (++steps > 8 * MaxAlternatives || result.Count > MaxAlternatives)
                throw new UnsupportedSchemaException(schemas[0].Pointer, "anyOf", $"together with what stands beside it there are more than {MaxAlternatives} alternatives.");
            bool possible = branch.Join(onOneOf);
            budget.Spend(4 + (2 * branch.Members.Count));
            if (!possible)
                continue;
            if (branch.Choices.TryPop(out RawSchema[]? choice))
            {
                for (int i = choice.Length - 1; i >= 0; i--)
                    open.Push(branch.With(choice[i]));
                continue;
            }
            RawSchema[] all = [.. branch.Members.Where(schema => schema.HasOwnKeywords).OrderBy(schema => schema.Id)];
            if (known.Add(string.Join(',', all.Select(schema => schema.Id))))
                result.Add(new Alternative(branch.Kinds, all));
        }
        return result;
    }

    private sealed class Branch
    {
        private readonly Stack<RawSchema> _open;

        public Branch(IEnumerable<RawSchema> schemas)
        {
            _open = new(schemas.Reverse());
            Members = [];
            Choices = [];
        }

        private Branch(Branch other, RawSchema choice)
        {
            _open = new([choice]);
            Members = [.. other.Members];
            Choices = new(other.Choices.Reverse());
            Kinds = other.Kinds;
        }

        public HashSet<RawSchema> Members { get; }

        public Stack<RawSchema[]> Choices { get; }

        public JsonKinds Kinds { get; private set; } = JsonKinds.All;

        public Branch With(RawSchema choice) => new(this, choice);

        // Takes in what must hold as well; false: nothing can.
        public bool Join(Action<RawSchema> onOneOf)
        {
            while (_open.TryPop(out RawSchema? schema))
            {
                if (!Members.Add(schema))
                    continue;
                Kinds &= schema.Kinds;
                if (schema.IsFalse || Kinds == JsonKinds.None)
                    return false;
                if (schema.OneOf is not null)
                    onOneOf(schema);
                foreach (RawSchema other in schema.And)
                    _open.Push(other);
                foreach (RawSchema[] choice in schema.Or)
                    Choices.Push(choice);
            }
            return true;
        }
    }
}
