using System.Globalization;

namespace LlamaEngine.Formats.Gguf;

/// <summary>Names and numbers of the parts of a split GGUF file: NAME-00001-of-0000N.gguf.</summary>
internal static class GgufSplit
{
    /// <summary>Number of parts that the metadata names; 1 for a file that is not split.</summary>
    public static int Count(GgufMetadata metadata)
    {
        long count = metadata.GetInteger("split.count") ?? 0;
        return count is >= 0 and <= ushort.MaxValue
            ? Math.Max(1, (int)count)
            : throw metadata.Damage("split.count", $"is {count}, out of range");
    }

    /// <summary>Position of a part among the parts, from 0.</summary>
    public static int Index(GgufMetadata metadata, int count)
    {
        long index = metadata.GetInteger("split.no") ?? 0;
        return index >= 0 && index < count
            ? (int)index
            : throw metadata.Damage("split.no", $"is {index}, but there are {count} parts");
    }

    /// <summary>Paths of all parts, given the path of one of them.</summary>
    /// <exception cref="ModelFormatException">The file's name is not that of the part it says it is.</exception>
    public static string[] PartPaths(string path, int index, int count)
    {
        string suffix = Suffix(index, count);
        if (!path.EndsWith(suffix, StringComparison.Ordinal))
            throw new ModelFormatException(path, null, $"this is part {index + 1} of {count}, so its name should end in '{suffix}'.");
        string prefix = path[..^suffix.Length];
        var paths = new string[count];
        for (int i = 0; i < count; i++)
            paths[i] = prefix + Suffix(i, count);
        return paths;
    }

    /// <summary>Makes sure that a part belongs where it was found.</summary>
    public static void EnsureBelongs(GgufMetadata part, int index, int count)
    {
        int foundCount = Count(part);
        if (foundCount != count || Index(part, count) != index)
            throw part.Damage("split.no", $"or 'split.count' contradicts the name, which says part {index + 1} of {count}");
    }

    /// <summary>Makes sure that the parts together hold as many tensors as the first one says.</summary>
    public static void EnsureComplete(GgufMetadata first, int tensors)
    {
        if (first.GetInteger("split.tensors.count") is { } expected && expected != tensors)
            throw first.Damage("split.tensors.count", $"is {expected}, but the parts hold {tensors} tensors");
    }

    private static string Suffix(int index, int count) =>
        string.Create(CultureInfo.InvariantCulture, $"-{index + 1:D5}-of-{count:D5}.gguf");
}
