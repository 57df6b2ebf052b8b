using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>A hashable value, equal to another as Python has it: <c>1 == 1.0 == True</c>.</summary>
internal readonly struct Key : IEquatable<Key>
{
    private Key(object? value) => Value = value;

    public object? Value { get; }

    /// <summary>The value as a key.</summary>
    /// <exception cref="ChatTemplateException">The value is a list or dictionary, or holds one.</exception>
    public static Key Of(object? value) =>
        IsHashable(value) ? new(value) : throw new ChatTemplateException($"unhashable type: '{PythonType.Name(value)}'");

    public static bool IsHashable(object? value) => value switch
    {
        Sequence { Kind: SequenceKind.Tuple } tuple => tuple.Items.All(IsHashable),
        Container => false,
        _ => true,
    };

    public bool Equals(Key other) => Comparison.AreEqual(Value, other.Value);

    public override bool Equals(object? obj) => obj is Key other && Equals(other);

    public override int GetHashCode() => HashOf(Value);

    private static int HashOf(object? value) => value switch
    {
        null => 0,
        string text => text.GetHashCode(StringComparison.Ordinal),
        bool truth => HashCode.Combine(truth ? BigInteger.One : BigInteger.Zero),
        BigInteger integer => HashCode.Combine(integer),
        double number when double.IsInteger(number) => HashCode.Combine(new BigInteger(number)),
        // Combining both halves, with HashCode's random seed, leaves a hostile template no way to make keys collide.
        double number => HashCode.Combine(BitConverter.DoubleToInt64Bits(number)),
        Sequence tuple => HashOfAll(tuple.Items),
        Undefined => 1,
        _ => value.GetHashCode(),
    };

    private static int HashOfAll(IReadOnlyList<object?> items)
    {
        HashCode hash = default;
        foreach (object? item in items)
            hash.Add(HashOf(item));
        return hash.ToHashCode();
    }
}
