using System.Collections.Immutable;
using System.Buffers.Binary;
using System.Text.Json;

namespace LlamaEngine.Formats.Safetensors;

/// <summary>A tensor as a safetensors header describes it.</summary>
/// <param name="Name">The name in the file.</param>
/// <param name="DataType">The dtype in the file, for example <c>BF16</c>.</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="Offset">Where the data starts in the file, in bytes.</param>
/// <param name="Length">Bytes of data.</param>
internal sealed record SafetensorsEntry(string Name, string DataType, ImmutableArray<long> Shape, long Offset, long Length);

/// <summary>Reads the header of a safetensors file: eight bytes of length, JSON, then the data.</summary>
/// <remarks>Strict as the format is: the data must cover the file from the header to its end, without holes or overlap.</remarks>
internal static class SafetensorsHeader
{
    private const int LongestHeader = 100_000_000;

    /// <summary>Reads and checks the header; the entries come in the order of their data.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    public static IReadOnlyList<SafetensorsEntry> Read(MappedFile file)
    {
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(file.Span(0, sizeof(ulong)));
        if (length > LongestHeader || (long)length > file.Length - sizeof(ulong))
            throw new ModelFormatException(file.Path, 0, $"a header of {length} bytes cannot stand in this file of {file.Length}.");
        using JsonDocument header = JsonText.Parse(file.Span(sizeof(ulong), (int)length).ToArray(), file.Path, sizeof(ulong));
        if (header.RootElement.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException(file.Path, sizeof(ulong), "the header is no JSON object.");
        long start = sizeof(ulong) + (long)length;
        var entries = new List<SafetensorsEntry>();
        foreach (JsonProperty property in header.RootElement.EnumerateObject())
        {
            if (!property.NameEquals("__metadata__"))
                entries.Add(SafetensorsEntryReader.Read(property, file, start));
        }
        entries.Sort((left, right) => (left.Offset, left.Length).CompareTo((right.Offset, right.Length)));
        EnsureCovered(file, start, entries);
        return entries;
    }

    private static void EnsureCovered(MappedFile file, long start, List<SafetensorsEntry> entries)
    {
        long end = start;
        foreach (SafetensorsEntry entry in entries)
        {
            if (entry.Offset != end)
            {
                throw new ModelFormatException(file.Path, entry.Offset,
                    $"the data of '{Untrusted.Show(entry.Name)}' {(entry.Offset < end ? "overlaps the tensor before it" : "leaves a hole before it")}.");
            }
            end = entry.Offset + entry.Length;
        }
        if (end != file.Length)
            throw new ModelFormatException(file.Path, end, $"the tensors end here, but the file at {file.Length}.");
    }
}
