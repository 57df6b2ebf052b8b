namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>Refuses schemas that apply to an instance whether they apply to the same instance, for ever.</summary>
internal static class InPlaceCycles
{
    /// <summary>Refuses a schema that leads back to itself through $ref, allOf, anyOf or oneOf alone.</summary>
    public static void Refuse(IReadOnlyList<RawSchema> schemas)
    {
        // What nothing leads to goes, again and again; what is left leads to itself.
        var leading = new Dictionary<RawSchema, int>();
        foreach (RawSchema schema in schemas)
        {
            foreach (RawSchema next in Next(schema))
                leading[next] = leading.GetValueOrDefault(next) + 1;
        }
        var open = new Stack<RawSchema>(schemas.Where(schema => !leading.ContainsKey(schema)));
        int left = schemas.Count;
        while (open.TryPop(out RawSchema? schema))
        {
            left--;
            foreach (RawSchema next in Next(schema))
            {
                if (--leading[next] == 0)
                    open.Push(next);
            }
        }
        if (left == 0)
            return;
        RawSchema first = schemas.First(schema => leading.GetValueOrDefault(schema) > 0);
        throw new UnsupportedSchemaException(first.Pointer, "$ref", "it leads back to the same value without an end.");
    }

    private static IEnumerable<RawSchema> Next(RawSchema schema) => schema.And.Concat(schema.Or.SelectMany(choice => choice));
}
