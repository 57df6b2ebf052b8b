using System.Text;
using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>The strings that satisfy schemas.</summary>
internal static class StringLanguage
{
    /// <summary>Least and most code points.</summary>
    public static (int Least, int Most) Lengths(RawSchema[] schemas) => (
        schemas.Select(schema => schema.MinLength).DefaultIfEmpty().Max(),
        schemas.Select(schema => schema.MaxLength).DefaultIfEmpty(int.MaxValue).Min());

    /// <summary>Whether a string has the length and matches the patterns.</summary>
    public static bool Contains(RawSchema[] schemas, string text)
    {
        (int least, int most) = Lengths(schemas);
        int length = text.EnumerateRunes().Count();
        return length >= least && length <= most && Array.TrueForAll(schemas, schema => schema.Pattern is null || schema.Pattern.Match(text) >= 0);
    }

    /// <summary>The automaton of patterns, lengths and single strings together.</summary>
    /// <exception cref="UnsupportedSchemaException">It takes too many states.</exception>
    public static CharDfa Create(RawSchema[] schemas, CompileBudget budget)
    {
        (int least, int most) = Lengths(schemas);
        var parts = new List<CharDfa>();
        foreach (RawSchema schema in schemas)
        {
            if (schema.Pattern is not null)
                parts.Add(schema.Pattern);
            if (schema.Strings is not null)
                parts.Add(CharDfas.OfWords([.. schema.Strings]));
        }
        if (least > 0 || most < int.MaxValue)
            parts.Add(CharDfas.OfLengths(least, most) ?? throw TooLarge(schemas, most < int.MaxValue ? "maxLength" : "minLength"));
        return parts.Count switch
        {
            0 => CharDfas.Any,
            1 => parts[0],
            _ => CharDfas.Product(parts, outcomes => outcomes.Min() < 0 ? CharDfa.None : 0, parts.Count, budget.Spend) ?? throw TooLarge(schemas, "pattern"),
        };
    }

    private static UnsupportedSchemaException TooLarge(RawSchema[] schemas, string keyword) =>
        new(schemas[0].Pointer, keyword, $"patterns and lengths together take more than {CharDfas.MaxStates} states.");
}
