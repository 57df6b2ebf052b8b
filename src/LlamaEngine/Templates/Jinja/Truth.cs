using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's truth of a value.</summary>
internal static class Truth
{
    public static bool Of(object? value) => value switch
    {
        null or Undefined => false,
        bool truth => truth,
        string text => text.Length > 0,
        BigInteger integer => !integer.IsZero,
        double number => number != 0,
        Sequence sequence => sequence.Count > 0,
        Mapping mapping => mapping.Count > 0,
        PythonRange range => range.Count > 0,
        _ => true,
    };
}
