namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>The names that an object has so far: those that its schema names as bits, others as texts.</summary>
/// <remarks>Immutable and thread-safe; equal by value, whatever the order in which they came.</remarks>
internal sealed class NameSet : IEquatable<NameSet>
{
    private readonly ulong[] _bits;
    private readonly string[] _others;
    private readonly int _hash;

    // A sum of its names' hashes, so that one more name need not look at the others.
    private NameSet(ulong[] bits, string[] others, int count, int hash) => (_bits, _others, Count, _hash) = (bits, others, count, hash);

    /// <summary>Names in it.</summary>
    public int Count { get; }

    /// <summary>Names that the schema does not name, in ordinal order.</summary>
    public ReadOnlySpan<string> Others => _others;

    /// <summary>64 of the named ones.</summary>
    public ulong Word(int index) => _bits[index];

    /// <summary>With one of the named ones that is not in it.</summary>
    /// <param name="words">Words of 64 bits that the schema's names take.</param>
    public static NameSet Add(NameSet? set, int name, int words)
    {
        ulong[] bits = set is null ? new ulong[words] : (ulong[])set._bits.Clone();
        bits[name >> 6] |= 1UL << name;
        return new NameSet(bits, set?._others ?? [], (set?.Count ?? 0) + 1, (set?._hash ?? 0) + HashCode.Combine(name));
    }

    /// <summary>With another one that is not in it.</summary>
    /// <param name="words">Words of 64 bits that the schema's names take.</param>
    public static NameSet Add(NameSet? set, string name, int words)
    {
        ReadOnlySpan<string> before = set is null ? [] : set.Others;
        int at = ~before.BinarySearch(name, StringComparer.Ordinal);
        return new NameSet(
            set?._bits ?? new ulong[words], [.. before[..at], name, .. before[at..]], (set?.Count ?? 0) + 1,
            (set?._hash ?? 0) + HashCode.Combine(name));
    }

    /// <inheritdoc/>
    public bool Equals(NameSet? other) => ReferenceEquals(this, other)
        || (other is not null && _hash == other._hash && _bits.AsSpan().SequenceEqual(other._bits) && _others.AsSpan().SequenceEqual(other._others));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NameSet);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;
}
