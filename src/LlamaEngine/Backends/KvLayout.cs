using System.Diagnostics.CodeAnalysis;

namespace LlamaEngine.Backends;

/// <summary>Number format of cached keys and values. A number is rounded once, when it is stored.</summary>
[SuppressMessage("Naming", "CA1707", Justification = "These are the names the formats have everywhere.")]
internal enum KvType
{
    /// <summary>float32.</summary>
    F32,

    /// <summary>Half precision.</summary>
    F16,

    /// <summary>bfloat16, rounded to the nearest, to even in the middle.</summary>
    BF16,

    /// <summary>
    /// Signed bytes in groups of 32 along the head (fewer in the last one if 32 does not divide it), with one half-precision scale a
    /// group and position: largest magnitude ÷ 127. ggml's Q8_0 but for ties, which go to even.
    /// </summary>
    Q8_0,
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
    /// <summary>Values that share a scale where there are scales.</summary>
    public const int GroupSize = 32;

    /// <summary>Bytes of one scale.</summary>
    public const int ScaleBytes = 2;

    private const int Granule = 16;

    /// <summary>Bytes of one number, scales aside.</summary>
    public int ElementBytes => Type switch
    {
        KvType.F32 => 4,
        KvType.F16 or KvType.BF16 => 2,
        KvType.Q8_0 => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(Type), Type, "Not a number format of the KV cache."),
    };

    /// <summary>Scales of one head at one position; 0 where there are none.</summary>
    public int ScaleGroups => Type == KvType.Q8_0 ? (HeadSize + GroupSize - 1) / GroupSize : 0;

    /// <summary>Bytes of one block over all layers, keys and values, as <see cref="KvStore.ReadBlock"/> gives it.</summary>
    public long BlockBytes => 2L * Layers * KeyValueHeads * BlockSize * (HeadSize * ElementBytes + ScaleGroups * ScaleBytes);

    /// <summary>
    /// Bytes of one block over all layers as a device stores it: keys and scales padded to 16 positions, values to 16 values a head.
    /// This is what memory plans count.
    /// </summary>
    public long StoredBlockBytes => Layers * (StoredKeyBytes + StoredValueBytes);

    /// <summary>Bytes of one block's keys in one layer, as stored.</summary>
    public long StoredKeyBytes => KeyValueHeads * (ScaleRowsBytes + (long)HeadSize * Pad(BlockSize) * ElementBytes);

    /// <summary>Bytes of one block's values in one layer, as stored.</summary>
    public long StoredValueBytes => KeyValueHeads * (ScaleRowsBytes + (long)Pad(HeadSize) * BlockSize * ElementBytes);

    private long ScaleRowsBytes => (long)ScaleGroups * Pad(BlockSize) * ScaleBytes;

    /// <summary>The next multiple of 16.</summary>
    public static int Pad(int count) => (count + Granule - 1) / Granule * Granule;
}
