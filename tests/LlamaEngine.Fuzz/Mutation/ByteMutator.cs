using System.Buffers.Binary;

namespace LlamaEngine.Fuzz.Mutation;

/// <summary>Damages bytes without knowing what they mean, except that small integers may be lengths.</summary>
internal static class ByteMutator
{
    private static readonly ulong[] s_extremes =
    [
        0, 1, 2, 7, 8, 31, 32, 33, 255, 256, 65535, 65536, int.MaxValue, (uint)int.MaxValue + 1, uint.MaxValue, 1UL << 32,
        (1UL << 32) + 1, 1UL << 40, long.MaxValue, 1UL << 63, ulong.MaxValue, ulong.MaxValue - 31, ulong.MaxValue / 2 - 7,
    ];

    /// <summary>Applies one to four mutations.</summary>
    /// <param name="source">The bytes; not changed.</param>
    /// <param name="random">Source of chance.</param>
    /// <param name="other">Another valid input, to splice from.</param>
    /// <param name="header">Bytes at the beginning that matter most; most mutations strike there.</param>
    public static byte[] Mutate(byte[] source, Random random, byte[] other, int header)
    {
        byte[] bytes = [.. source];
        for (int i = 1 + random.Next(4) * random.Next(2); i > 0 && bytes.Length > 0; i--)
            bytes = MutateOnce(bytes, random, other, header);
        return bytes;
    }

    private static byte[] MutateOnce(byte[] bytes, Random random, byte[] other, int header)
    {
        int at = Position(bytes, random, header);
        switch (random.Next(11))
        {
            case 0: return FlipBit(bytes, at, random);
            case 1: bytes[at] = (byte)random.Next(256); return bytes;
            case 2: return OverwriteInteger(bytes, at, random);
            case 3 or 4: return OverwriteInteger(bytes, FindLength(bytes, random, header), random);
            case 5: return Nudge(bytes, FindLength(bytes, random, header), random);
            case 6: return bytes[..at];
            case 7: return [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + 1 + random.Next(64))..]];
            case 8: return Duplicate(bytes, at, random);
            case 9: return Splice(bytes, at, other, random);
            default: return Overwrite(bytes, at, random);
        }
    }

    private static int Position(byte[] bytes, Random random, int header) =>
        random.Next(random.Next(8) == 0 ? bytes.Length : Math.Clamp(header, 1, bytes.Length));

    private static byte[] FlipBit(byte[] bytes, int at, Random random)
    {
        bytes[at] ^= (byte)(1 << random.Next(8));
        return bytes;
    }

    /// <summary>Looks for eight bytes that hold a number no larger than the file.</summary>
    private static int FindLength(byte[] bytes, Random random, int header)
    {
        for (int attempt = 0; attempt < 64 && bytes.Length >= 8; attempt++)
        {
            int at = Math.Min(Position(bytes, random, header), bytes.Length - 8);
            if (BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at)) is > 0 and { } value && value <= (ulong)bytes.Length)
                return at;
        }
        return Position(bytes, random, header);
    }

    private static byte[] OverwriteInteger(byte[] bytes, int at, Random random)
    {
        Span<byte> value = stackalloc byte[8];
        ulong extreme = random.Next(8) == 0 ? (ulong)bytes.Length - (ulong)random.Next(3) : s_extremes[random.Next(s_extremes.Length)];
        BinaryPrimitives.WriteUInt64LittleEndian(value, extreme);
        int size = Math.Min(1 << random.Next(4), bytes.Length - at);
        value[..size].CopyTo(bytes.AsSpan(at));
        return bytes;
    }

    private static byte[] Nudge(byte[] bytes, int at, Random random)
    {
        bytes[at] = unchecked((byte)(bytes[at] + random.Next(-2, 3)));
        return bytes;
    }

    private static byte[] Duplicate(byte[] bytes, int at, Random random)
    {
        int length = Math.Min(1 + random.Next(256), bytes.Length - at);
        return [.. bytes[..(at + length)], .. bytes[at..]];
    }

    private static byte[] Splice(byte[] bytes, int at, byte[] other, Random random)
    {
        if (other.Length == 0)
            return bytes;
        int from = random.Next(other.Length), length = Math.Min(1 + random.Next(128), other.Length - from);
        return [.. bytes[..at], .. other.AsSpan(from, length), .. bytes[Math.Min(bytes.Length, at + random.Next(length + 1))..]];
    }

    private static byte[] Overwrite(byte[] bytes, int at, Random random)
    {
        int length = Math.Min(1 + random.Next(16), bytes.Length - at);
        random.NextBytes(bytes.AsSpan(at, length));
        return bytes;
    }
}
