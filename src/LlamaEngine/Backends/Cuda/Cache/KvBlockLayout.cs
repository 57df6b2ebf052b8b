namespace LlamaEngine.Backends.Cuda.Cache;

/// <summary>Where things stand in a block on the device; see CacheView in native/kernels/kernels.h.</summary>
/// <remarks>
/// A block is layer behind layer; a layer is keys, values, scales of keys, scales of values, each [head][position][value or group], each
/// beginning at a multiple of 16 bytes.
/// </remarks>
internal readonly struct KvBlockLayout
{
    private const int Alignment = 16;

    /// <summary>Computes the places for a shape of cache.</summary>
    public KvBlockLayout(KvLayout layout)
    {
        long positions = (long)layout.KeyValueHeads * layout.BlockSize;
        ValueOffset = Align(positions * layout.HeadSize * layout.ElementBytes);
        KeyScaleOffset = 2 * ValueOffset;
        ValueScaleOffset = KeyScaleOffset + Align(positions * layout.ScaleGroups * KvLayout.ScaleBytes);
        LayerBytes = 2 * ValueScaleOffset - KeyScaleOffset;
        BlockBytes = checked(LayerBytes * layout.Layers);
    }

    /// <summary>From a layer's keys to its values.</summary>
    public long ValueOffset { get; }

    /// <summary>From a layer's keys to their scales.</summary>
    public long KeyScaleOffset { get; }

    /// <summary>From a layer's keys to its values' scales.</summary>
    public long ValueScaleOffset { get; }

    /// <summary>Bytes of a layer.</summary>
    public long LayerBytes { get; }

    /// <summary>Bytes of a block, all layers.</summary>
    public long BlockBytes { get; }

    private static long Align(long bytes) => checked(bytes + Alignment - 1) / Alignment * Alignment;
}
