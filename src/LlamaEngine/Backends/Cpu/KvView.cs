using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu;

/// <summary>
/// One layer of the KV cache as kernels see it. A block holds, head by head, its keys as [value][position] and its values
/// as [position][value], the inner dimension padded to 16: so both products of attention run along their lanes. Scales, where
/// the type has any, stand before each as [group][position].
/// </summary>
/// <param name="keys">The first block's keys; its values follow.</param>
/// <param name="blockBytes">From one block to the next.</param>
/// <param name="layout">Sizes.</param>
internal readonly unsafe struct KvView(byte* keys, long blockBytes, KvLayout layout)
{
    private readonly byte* _values = keys + layout.StoredKeyBytes;
    private readonly int _elementBytes = layout.ElementBytes;

    /// <summary>Number format.</summary>
    public KvType Type { get; } = layout.Type;

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

    /// <summary>Scales of a head at one position.</summary>
    public int ScaleGroups { get; } = layout.ScaleGroups;

    /// <summary>Bytes of a head's keys in a block, scales included.</summary>
    public long KeyBytes { get; } = layout.StoredKeyBytes / layout.KeyValueHeads;

    /// <summary>Bytes of a head's values in a block, scales included.</summary>
    public long ValueBytes { get; } = layout.StoredValueBytes / layout.KeyValueHeads;

    /// <summary>Neighbouring blocks that attention takes together: about 64 positions, where blocks are not padded.</summary>
    public int BlocksPerSpan => PaddedBlock == BlockSize ? Math.Max(1, 64 / BlockSize) : 1;

    /// <summary>Positions in a span, padding included.</summary>
    public int PaddedSpan => BlocksPerSpan * PaddedBlock;

    private int ScaleCount => ScaleGroups * PaddedBlock;

    /// <summary>Scales of a block's keys of one head, half precision: [group][position].</summary>
    public ushort* KeyScales(int block, int head) => (ushort*)(keys + block * blockBytes + head * KeyBytes);

    /// <summary>Scales of a block's values of one head, half precision: [group][position].</summary>
    public ushort* ValueScales(int block, int head) => (ushort*)(_values + block * blockBytes + head * ValueBytes);

    /// <summary>Keys of a block's head: [value][position].</summary>
    public byte* Keys(int block, int head) => (byte*)(KeyScales(block, head) + ScaleCount);

    /// <summary>Values of a block's head: [position][value].</summary>
    public byte* Values(int block, int head) => (byte*)(ValueScales(block, head) + ScaleCount);

    /// <summary>A head's keys in a block, row by row.</summary>
    public KvMatrix KeyMatrix(int block, int head) =>
        new(Keys(block, head), HeadSize, BlockSize * _elementBytes, PaddedBlock * _elementBytes);

    /// <summary>A head's values in a block, row by row.</summary>
    public KvMatrix ValueMatrix(int block, int head) =>
        new(Values(block, head), BlockSize, HeadSize * _elementBytes, PaddedHead * _elementBytes);

    /// <summary>The scales of a head's keys in a block, row by row.</summary>
    public KvMatrix KeyScaleMatrix(int block, int head) => ScaleMatrix(KeyScales(block, head));

    /// <summary>The scales of a head's values in a block, row by row.</summary>
    public KvMatrix ValueScaleMatrix(int block, int head) => ScaleMatrix(ValueScales(block, head));

    /// <summary>Writes one position's key and value of one head.</summary>
    public void Store<TLanes>(int slot, int head, float* key, float* value) where TLanes : struct, ILanes<TLanes>
    {
        int block = slot / BlockSize, offset = slot % BlockSize;
        byte* keyColumn = Keys(block, head) + offset * _elementBytes, valueRow = Values(block, head) + offset * PaddedHead * _elementBytes;
        ushort* keyScales = KeyScales(block, head) + offset, valueScales = ValueScales(block, head) + offset;
        byte* numbers = stackalloc byte[KvLayout.GroupSize * sizeof(float)];
        for (int first = 0, group = 0; first < HeadSize; first += KvLayout.GroupSize, group++)
        {
            int count = Math.Min(KvLayout.GroupSize, HeadSize - first);
            ushort scale = KvEncoder<TLanes>.Encode(Type, key + first, count, numbers);
            Scatter(numbers, keyColumn + first * PaddedBlock * _elementBytes, count);
            if (ScaleGroups > 0)
                keyScales[group * PaddedBlock] = scale;
            scale = KvEncoder<TLanes>.Encode(Type, value + first, count, numbers);
            Buffer.MemoryCopy(numbers, valueRow + first * _elementBytes, count * _elementBytes, count * _elementBytes);
            if (ScaleGroups > 0)
                valueScales[group * PaddedBlock] = scale;
        }
    }

    private KvMatrix ScaleMatrix(ushort* scales) =>
        new((byte*)scales, ScaleGroups, BlockSize * KvLayout.ScaleBytes, PaddedBlock * KvLayout.ScaleBytes);

    private void Scatter(byte* numbers, byte* column, int count)
    {
        switch (_elementBytes)
        {
            case 1:
                Scatter<byte>(numbers, column, count);
                break;
            case 2:
                Scatter<ushort>(numbers, column, count);
                break;
            default:
                Scatter<uint>(numbers, column, count);
                break;
        }
    }

    private void Scatter<T>(byte* numbers, byte* column, int count) where T : unmanaged
    {
        for (int i = 0; i < count; i++)
            ((T*)column)[i * PaddedBlock] = ((T*)numbers)[i];
    }
}
