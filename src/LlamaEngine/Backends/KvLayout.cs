namespace LlamaEngine.Backends;

/// <summary>Number format of cached keys and values.</summary>
internal enum KvType
{
    /// <summary>float32.</summary>
    F32,

    /// <summary>Half precision.</summary>
    F16,
}

/// <summary>Shape of a KV cache.</summary>
/// <param name="Layers">Transformer layers.</param>
/// <param name="KeyValueHeads">Key and value heads.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="HeadSize">Values per head.</param>
/// <param name="BlockSize">Positions in one block.</param>
/// <param name="Type">Number format.</param>
internal sealed record KvLayout(int Layers, int KeyValueHeads, int Heads, int HeadSize, int BlockSize, KvType Type)
{
    private const int Granule = 16;

    /// <summary>Bytes of one number.</summary>
    public int ElementBytes => Type == KvType.F32 ? 4 : 2;

    /// <summary>Bytes of one block over all layers, keys and values, as <see cref="KvStore.ReadBlock"/> gives it.</summary>
    public long BlockBytes => 2L * Layers * KeyValueHeads * HeadSize * BlockSize * ElementBytes;

    /// <summary>
    /// Bytes of one block over all layers as a device stores it: keys padded to 16 positions, values to 16 values a head.
    /// This is what memory plans count.
    /// </summary>
    public long StoredBlockBytes =>
        (long)Layers * KeyValueHeads * ElementBytes * ((long)HeadSize * Pad(BlockSize) + (long)Pad(HeadSize) * BlockSize);

    /// <summary>The next multiple of 16.</summary>
    public static int Pad(int count) => (count + Granule - 1) / Granule * Granule;
}
