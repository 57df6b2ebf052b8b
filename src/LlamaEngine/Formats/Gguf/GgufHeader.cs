using System.Collections.Immutable;

namespace LlamaEngine.Formats.Gguf;

/// <summary>Everything in a GGUF file but the tensor data, checked.</summary>
/// <param name="Metadata">The key-value section.</param>
/// <param name="Tensors">The tensors, with absolute offsets; all inside the file, aligned and disjoint.</param>
internal sealed record GgufHeader(GgufMetadata Metadata, ImmutableArray<TensorInfo> Tensors)
{
    private const uint Magic = 0x46554747; // "GGUF" read as a little-endian integer
    private const long DefaultAlignment = 32;

    /// <summary>Reads and checks the header.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    /// <exception cref="UnsupportedModelException">Its version, byte order or a tensor type is not implemented.</exception>
    public static GgufHeader Read(MappedFile file)
    {
        var cursor = new GgufCursor(file);
        if (cursor.ReadUInt32() != Magic)
            throw cursor.Damage(0, "this is no GGUF file: it does not start with 'GGUF'.");
        CheckVersion(cursor.ReadUInt32(), file.Path);
        int tensorCount = GgufTensors.ReadCount(ref cursor);
        int valueCount = GgufValues.ReadCount(ref cursor);
        GgufMetadata metadata = GgufValues.Read(ref cursor, valueCount);
        return new GgufHeader(metadata, GgufTensors.Read(ref cursor, tensorCount, Alignment(metadata)));
    }

    private static void CheckVersion(uint version, string file)
    {
        if (version is 2 or 3)
            return;
        // A version with nothing in its lower half is a small number in the other byte order.
        string found = version != 0 && (version & 0xFFFF) == 0
            ? $"big-endian GGUF ({file})"
            : $"GGUF version {version} ({file})";
        throw new UnsupportedModelException(found, "little-endian GGUF versions 2 and 3");
    }

    private static long Alignment(GgufMetadata metadata)
    {
        const string Key = "general.alignment";
        long alignment = metadata.GetInteger(Key) ?? DefaultAlignment;
        if (alignment is <= 0 or > uint.MaxValue || !long.IsPow2(alignment))
            throw metadata.Damage(Key, $"is {alignment}, no power of two");
        return alignment;
    }
}
