using System.Buffers.Binary;

namespace LlamaEngine.Formats;

/// <summary>
/// What a model is, whatever it is called and wherever it lies: 256 bits derived from its configuration and every byte of its
/// weights. See <see cref="ModelIdentityHash"/> for what they cover.
/// </summary>
internal readonly record struct ModelIdentity
{
    /// <summary>Bytes of an identity.</summary>
    public const int Size = 32;

    private const string Prefix = "sha256:";

    private readonly ulong _a, _b, _c, _d;

    /// <summary>Takes the bytes of an identity.</summary>
    /// <exception cref="ArgumentException">They are not 32.</exception>
    public ModelIdentity(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
            throw new ArgumentException($"A model's identity has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        _d = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>Writes the 32 bytes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no room for them.</exception>
    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], _c);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], _d);
    }

    /// <summary><c>sha256:</c> and 64 hexadecimal digits in lower case.</summary>
    public override string ToString() => $"{Prefix}{_a:x16}{_b:x16}{_c:x16}{_d:x16}";

    /// <summary>Reads what <see cref="ToString"/> gave.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ModelIdentity identity)
    {
        identity = default;
        Span<byte> bytes = stackalloc byte[Size];
        if (text.Length != Prefix.Length + 2 * Size || !text.StartsWith(Prefix, StringComparison.Ordinal)
            || Convert.FromHexString(text[Prefix.Length..], bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }
        identity = new ModelIdentity(bytes);
        return true;
    }
}
