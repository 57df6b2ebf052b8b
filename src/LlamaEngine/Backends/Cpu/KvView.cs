using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu;

/// <summary>
/// One layer of the KV cache as kernels see it. A block holds, head by head, its keys as [value][position] and its values
/// as [position][value], the inner dimension padded to 16: so both products of attention run along their lanes.
/// </summary>
internal readonly unsafe struct KvView(byte* keys, byte* values, KvLayout layout)
{
    /// <summary>Half precision (else float32).</summary>
    public bool IsHalf { get; } = layout.Type == KvType.F16;

    /// <summary>Key and value heads.</summary>
    public int Heads { get; } = layout.KeyValueHeads;

    /// <summary>Values per head.</summary>
    public int HeadSize { get; } = layout.HeadSize;

    /// <summary>Positions per block.</summary>
    public int BlockSize { get; } = layout.BlockSize;

    /// <summary>Positions per block as stored.</summary>
    public int PaddedBlock { get; } = KvLayout.Pad(layout.BlockSize);

    /// <summary>Values per head as stored, in values.</summary>
    public int PaddedHead { get; } = KvLayout.Pad(layout.HeadSize);

    /// <summary>Neighbouring blocks that attention takes together: about 64 positions, where blocks are not padded.</summary>
    public int BlocksPerSpan => PaddedBlock == BlockSize ? Math.Max(1, 64 / BlockSize) : 1;

    /// <summary>Positions in a span, padding included.</summary>
    public int PaddedSpan => BlocksPerSpan * PaddedBlock;

    private int ElementBytes { get; } = layout.ElementBytes;

    /// <summary>Bytes of one block's keys (values: see <see cref="ValueBlockBytes"/>) in one layer.</summary>
    public static long KeyBlockBytes(KvLayout layout) =>
        (long)layout.KeyValueHeads * layout.HeadSize * KvLayout.Pad(layout.BlockSize) * layout.ElementBytes;

    /// <summary>Bytes of one block's values in one layer.</summary>
    public static long ValueBlockBytes(KvLayout layout) =>
        (long)layout.KeyValueHeads * KvLayout.Pad(layout.HeadSize) * layout.BlockSize * layout.ElementBytes;

    /// <summary>Keys of a block's head: [value][position].</summary>
    public byte* Keys(int block, int head) =>
        keys + ((long)block * Heads + head) * HeadSize * PaddedBlock * ElementBytes;

    /// <summary>Values of a block's head: [position][value].</summary>
    public byte* Values(int block, int head) =>
        values + ((long)block * Heads + head) * PaddedHead * BlockSize * ElementBytes;

    /// <summary>A head's keys in a block, row by row.</summary>
    public KvMatrix KeyMatrix(int block, int head) =>
        new(Keys(block, head), HeadSize, BlockSize * ElementBytes, PaddedBlock * ElementBytes);

    /// <summary>A head's values in a block, row by row.</summary>
    public KvMatrix ValueMatrix(int block, int head) =>
        new(Values(block, head), BlockSize, HeadSize * ElementBytes, PaddedHead * ElementBytes);

    /// <summary>Writes one position's key and value of one head.</summary>
    public void Store<TLanes>(int slot, int head, float* key, float* value) where TLanes : struct, ILanes<TLanes>
    {
        int block = slot / BlockSize, offset = slot % BlockSize;
        byte* keyColumn = Keys(block, head), valueRow = Values(block, head);
        if (IsHalf)
        {
            ushort* halves = stackalloc ushort[PaddedHead];
            Narrow<TLanes>(key, halves);
            Scatter(halves, (ushort*)keyColumn + offset);
            Narrow<TLanes>(value, (ushort*)valueRow + offset * PaddedHead);
            return;
        }
        Scatter(key, (float*)keyColumn + offset);
        new ReadOnlySpan<float>(value, HeadSize).CopyTo(new Span<float>((float*)valueRow + offset * PaddedHead, HeadSize));
    }

    private void Scatter<T>(T* source, T* column) where T : unmanaged
    {
        for (int i = 0; i < HeadSize; i++)
            column[i * PaddedBlock] = source[i];
    }

    private void Narrow<TLanes>(float* source, ushort* destination) where TLanes : struct, ILanes<TLanes>
    {
        int i = 0;
        for (; i <= HeadSize - Partial<TLanes>.Width; i += Partial<TLanes>.Width)
            TLanes.Load(source + i).StoreHalf(destination + i);
        if (i < HeadSize)
            Partial<TLanes>.Load(source + i, HeadSize - i).StoreHalf(destination + i);
    }
}
