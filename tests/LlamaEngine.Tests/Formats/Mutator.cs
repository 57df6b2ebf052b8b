namespace LlamaEngine.Tests.Formats;

/// <summary>Damages files in the ways that find mistakes: flipped bits, extreme integers, cuts, repeats and swaps.</summary>
internal sealed class Mutator(int seed)
{
    private static readonly ulong[] s_extremes =
        [0, 1, 2, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1UL << 40, long.MaxValue, 1UL << 63, ulong.MaxValue];

    private readonly Random _random = new(seed);

    /// <summary>A damaged copy; most damage falls into the first <paramref name="header"/> bytes.</summary>
    public byte[] Mutate(byte[] file, int header)
    {
        byte[] bytes = [.. file];
        for (int count = _random.Next(1, 4); count > 0; count--)
            bytes = MutateOnce(bytes, Math.Min(header, bytes.Length));
        return bytes;
    }

    private byte[] MutateOnce(byte[] bytes, int header)
    {
        if (header == 0)
            return [(byte)_random.Next(256)];
        int at = _random.Next(header), length = _random.Next(1, Math.Min(64, bytes.Length - at) + 1);
        switch (_random.Next(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                return bytes;
            case 1:
                bytes[at] = (byte)_random.Next(256);
                return bytes;
            case 2:
                return Overwrite(bytes, at, s_extremes[_random.Next(s_extremes.Length)], 1 << _random.Next(4));
            case 3:
                return bytes[.._random.Next(bytes.Length)];
            case 4:
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 5:
                return [.. bytes[..(at + length)], .. bytes[at..]];
            default:
                bytes.AsSpan(at, length).CopyTo(bytes.AsSpan(_random.Next(bytes.Length - length + 1)));
                return bytes;
        }
    }

    private static byte[] Overwrite(byte[] bytes, int at, ulong value, int width)
    {
        BitConverter.GetBytes(value).AsSpan(0, Math.Min(width, bytes.Length - at)).CopyTo(bytes.AsSpan(at));
        return bytes;
    }
}
