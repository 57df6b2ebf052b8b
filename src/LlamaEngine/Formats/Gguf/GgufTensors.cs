using System.Collections.Immutable;

namespace LlamaEngine.Formats.Gguf;

/// <summary>Reads the tensor section of a GGUF file.</summary>
internal static class GgufTensors
{
    /// <summary>Most bytes of a tensor name: ggml keeps 64 with the terminating NUL.</summary>
    private const int LongestName = 63;

    private const int MostDimensions = 4;

    /// <summary>Name length, one character, number of dimensions, one dimension, type and offset.</summary>
    private const int SmallestEntry = 8 + 1 + 4 + 8 + 4 + 8;

    /// <summary>Reads the number of tensors.</summary>
    public static int ReadCount(ref GgufCursor cursor) => cursor.ReadCount(SmallestEntry, "tensors");

    /// <summary>Reads and checks <paramref name="count"/> tensor descriptions.</summary>
    public static ImmutableArray<TensorInfo> Read(ref GgufCursor cursor, int count, long alignment)
    {
        var entries = new List<(long At, TensorInfo Info)>(count);
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < count; i++)
        {
            long at = cursor.Position;
            TensorInfo info = ReadEntry(ref cursor);
            if (!names.Add(info.Name))
                throw cursor.Damage(at, $"tensor '{Untrusted.Show(info.Name)}' occurs twice.");
            entries.Add((at, info));
        }
        long start = AlignUp(cursor.Position, alignment);
        ImmutableArray<TensorInfo> tensors = [.. entries.Select(entry => Place(entry.Info, entry.At, start, alignment))];
        long end = CheckRanges(cursor.File, tensors, entries);
        CheckEnd(cursor.File, tensors.IsEmpty ? cursor.Position : end, alignment);
        return tensors;
    }

    /// <summary>Reads one description; the offset in it is still relative to the data section.</summary>
    private static TensorInfo ReadEntry(ref GgufCursor cursor)
    {
        string name = cursor.ReadName("a tensor's name", LongestName), shown = Untrusted.Show(name);
        ImmutableArray<long> shape = ReadShape(ref cursor, shown);
        long typeAt = cursor.Position;
        TensorType type = GgmlTypes.Resolve(cursor.ReadUInt32(), shown, cursor.File.Path, typeAt);
        if (shape[^1] % type.ValuesPerBlock() != 0)
        {
            throw cursor.Damage(typeAt,
                $"rows of tensor '{shown}' have {shape[^1]} values, not a multiple of the {type.ValuesPerBlock()} in a block of {type}.");
        }
        long offsetAt = cursor.Position;
        ulong offset = cursor.ReadUInt64();
        if (offset > (ulong)cursor.File.Length)
            throw cursor.Damage(offsetAt, $"tensor '{shown}' starts at {offset} of the data, beyond the end of the file.");
        return new TensorInfo(name, type, shape, cursor.File.Path, (long)offset);
    }

    /// <summary>Reads the sizes. GGUF writes the innermost first, we keep it last.</summary>
    private static ImmutableArray<long> ReadShape(ref GgufCursor cursor, string name)
    {
        long at = cursor.Position;
        uint dimensions = cursor.ReadUInt32();
        if (dimensions is 0 or > MostDimensions)
            throw cursor.Damage(at, $"tensor '{name}' has {dimensions} dimensions, not 1 to {MostDimensions}.");
        var shape = new long[dimensions];
        // No type takes less than a fourth of a byte per value, so this bound keeps the product and its bytes in range.
        ulong most = (ulong)cursor.File.Length * 4, product = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            ulong size = cursor.ReadUInt64();
            if (size == 0 || size > most / product)
                throw cursor.Damage(cursor.Position - sizeof(ulong), $"dimension {size} of tensor '{name}' is zero or too large for this file.");
            product *= size;
            shape[i] = (long)size;
        }
        return ImmutableArray.Create(shape);
    }

    private static TensorInfo Place(TensorInfo info, long at, long start, long alignment)
    {
        if (info.Offset % alignment != 0)
        {
            throw new ModelFormatException(info.File, at,
                $"tensor '{Untrusted.Show(info.Name)}' starts at {info.Offset} of the data, not a multiple of the alignment {alignment}.");
        }
        return info with { Offset = checked(start + info.Offset) };
    }

    /// <summary>Makes sure that all data stands in the file, without overlap, and returns where it ends.</summary>
    private static long CheckRanges(MappedFile file, ImmutableArray<TensorInfo> tensors, List<(long At, TensorInfo Info)> entries)
    {
        long end = 0;
        for (int i = 0; i < tensors.Length; i++)
        {
            TensorInfo tensor = tensors[i];
            long tensorEnd = tensor.Offset + tensor.ByteLength;
            if (tensorEnd > file.Length)
            {
                throw new ModelFormatException(file.Path, entries[i].At,
                    $"the data of tensor '{Untrusted.Show(tensor.Name)}' ends at {tensorEnd}, but the file at {file.Length}.");
            }
            end = Math.Max(end, tensorEnd);
        }
        TensorRanges.EnsureDisjoint(tensors);
        return end;
    }

    /// <summary>Refuses bytes behind the last tensor (other than padding): the mark of a download resumed in the wrong place.</summary>
    private static void CheckEnd(MappedFile file, long end, long alignment)
    {
        if (file.Length > AlignUp(end, alignment))
            throw new ModelFormatException(file.Path, end, $"the model ends here, but the file goes on to {file.Length}.");
    }

    private static long AlignUp(long value, long alignment) => checked(value + alignment - 1) & -alignment;
}
