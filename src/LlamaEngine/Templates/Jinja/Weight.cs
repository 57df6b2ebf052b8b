using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>How much work it is to go through a value once: about one per element, and one per 32 characters of text.</summary>
internal static class Weight
{
    /// <summary>Deepest nesting of lists and dictionaries.</summary>
    public const int MaxNesting = 100;

    private const long Most = 1L << 40;

    public static long Of(object? value) => value switch
    {
        string text => 1 + text.Length / 32,
        BigInteger integer => 1 + integer.GetBitLength() / 256,
        Container container => container.Weight,
        PythonRange range => 1 + range.Count,
        _ => 1,
    };

    /// <summary>Nesting of a value: 0 for scalars.</summary>
    public static int NestingOf(object? value) => value is Container container ? container.Nesting : 0;

    /// <summary>Weight and nesting of a container of these elements; weights saturate, since elements may be shared many times over.</summary>
    /// <exception cref="ChatTemplateException">Nested more than <see cref="MaxNesting"/> deep.</exception>
    public static (long Weight, int Nesting) OfContainer(IEnumerable<object?> elements)
    {
        long weight = 1;
        int nesting = 0;
        foreach (object? element in elements)
        {
            weight = Math.Min(weight + Of(element), Most);
            nesting = Math.Max(nesting, NestingOf(element));
        }
        return nesting < MaxNesting
            ? (weight, nesting + 1)
            : throw new ChatTemplateException($"Lists and dictionaries are nested more than {MaxNesting} deep.");
    }
}
