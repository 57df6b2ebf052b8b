using System.Buffers.Binary;

namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>
/// SentencePiece's table of character rewrites: a double-array trie (Aoe, 1989; the layout of Darts-clone) over UTF-8 whose
/// values point into a list of zero-terminated texts.
/// </summary>
/// <remarks>Immutable and thread-safe. Every index is checked, so that a damaged table can do no harm but not match.</remarks>
internal sealed class PrecompiledCharsMap
{
    private readonly uint[] _units;
    private readonly byte[] _texts;

    private PrecompiledCharsMap(uint[] units, byte[] texts) => (_units, _texts) = (units, texts);

    /// <summary>Reads the table: size of the trie in bytes, the trie, the texts.</summary>
    /// <exception cref="ModelFormatException">The sizes do not fit, or the last text does not end.</exception>
    public static PrecompiledCharsMap Read(string file, ReadOnlySpan<byte> blob)
    {
        uint size = blob.Length > 4 ? BinaryPrimitives.ReadUInt32LittleEndian(blob) : uint.MaxValue;
        if (size % 4 != 0 || size >= (uint)(blob.Length - 4) || blob[^1] != 0)
            throw new ModelFormatException(file, null, "has a damaged table of character rewrites (precompiled_charsmap).");
        uint[] units = new uint[size / 4];
        for (int i = 0; i < units.Length; i++)
            units[i] = BinaryPrimitives.ReadUInt32LittleEndian(blob[(4 + 4 * i)..]);
        return new PrecompiledCharsMap(units, blob[(4 + (int)size)..].ToArray());
    }

    /// <summary>Finds the longest rule that <paramref name="text"/> starts with.</summary>
    /// <param name="length">How many bytes it replaces.</param>
    /// <param name="replacement">What it puts in their place.</param>
    public bool TryMatchPrefix(ReadOnlySpan<byte> text, out int length, out ReadOnlySpan<byte> replacement)
    {
        length = 0;
        replacement = default;
        uint node = 0;
        if (!TryGetUnit(node, out uint unit))
            return false;
        node ^= Offset(unit);
        for (int i = 0; i < text.Length; i++)
        {
            node ^= text[i];
            if (!TryGetUnit(node, out unit) || Label(unit) != text[i])
                break;
            node ^= Offset(unit);
            if (HasValue(unit) && TryGetUnit(node, out uint leaf) && Value(leaf) < _texts.Length)
            {
                length = i + 1;
                replacement = TextAt(Value(leaf));
            }
        }
        return length > 0;
    }

    private bool TryGetUnit(uint node, out uint unit)
    {
        bool exists = node < (uint)_units.Length;
        unit = exists ? _units[node] : 0;
        return exists;
    }

    private ReadOnlySpan<byte> TextAt(int offset)
    {
        ReadOnlySpan<byte> text = _texts.AsSpan(offset);
        return text[..text.IndexOf((byte)0)];
    }

    private static bool HasValue(uint unit) => (unit >> 8 & 1) != 0;

    private static int Value(uint unit) => (int)(unit & 0x7FFF_FFFF);

    private static uint Label(uint unit) => unit & 0x8000_00FF;

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);
}
