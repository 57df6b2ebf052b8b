using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Backends.Cuda.Cache;

/// <summary>The KV cache on a device, block by block: a block's layers are neighbours, so a block moves as one.</summary>
/// <remarks>Work goes to the stream that computes: a block is read after, and written before, what is computed around the call.</remarks>
internal sealed unsafe class CudaKvStore : KvStore
{
    private readonly CudaStream _stream;
    private readonly KvBlockLayout _places;
    private readonly DeviceBuffer _memory;
    private readonly PinnedBuffer _staging;
    private readonly CudaEvent _staged;

    /// <summary>Makes a cache of zeros.</summary>
    public CudaKvStore(CudaStream stream, KernelSet kernels, KvLayout layout, int blocks)
        : base(layout, blocks)
    {
        _stream = stream;
        _places = new KvBlockLayout(layout);
        Kernels = new AttentionKernels(kernels, layout);
        _memory = new DeviceBuffer(stream.Context, checked(_places.BlockBytes * blocks));
        try
        {
            _staging = new PinnedBuffer(stream.Context, _places.BlockBytes);
            _staged = new CudaEvent(stream.Context);
        }
        catch
        {
            _staging?.Dispose();
            _memory.Dispose();
            throw;
        }
        stream.Fill(_memory.Address, 0, _memory.Bytes);
    }

    /// <summary>The kernels for its shape.</summary>
    public AttentionKernels Kernels { get; }

    /// <summary>A layer, as kernels see it.</summary>
    public CacheView Layer(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)Layout.Layers, nameof(layer));
        return new CacheView
        {
            Layer = _memory.Address + (ulong)(layer * _places.LayerBytes),
            BlockBytes = _places.BlockBytes,
            ValueOffset = _places.ValueOffset,
            KeyScaleOffset = _places.KeyScaleOffset,
            ValueScaleOffset = _places.ValueScaleOffset,
            KeyValueHeads = Layout.KeyValueHeads,
            HeadSize = Layout.HeadSize,
            BlockSize = Layout.BlockSize,
        };
    }

    /// <inheritdoc/>
    public override void CopyBlock(int source, int destination)
    {
        CheckBlock(source, nameof(source));
        CheckBlock(destination, nameof(destination));
        if (source != destination)
            _stream.CopyOnDevice(Block(destination), Block(source), _places.BlockBytes);
    }

    /// <inheritdoc/>
    public override void ReadBlock(int block, Span<byte> destination)
    {
        CheckBlock(block, nameof(block));
        CheckLength(destination.Length, nameof(destination));
        _stream.CopyToHost(_staging.Data, Block(block), _places.BlockBytes);
        _stream.Synchronize();
        fixed (byte* outside = destination)
            KvBlockOrder.ToOutside(Layout, _staging.Data, outside);
    }

    /// <inheritdoc/>
    public override void WriteBlock(int block, ReadOnlySpan<byte> source)
    {
        CheckBlock(block, nameof(block));
        CheckLength(source.Length, nameof(source));
        _staged.Synchronize(); // the block before may still be on its way
        fixed (byte* outside = source)
            KvBlockOrder.FromOutside(Layout, outside, _staging.Data);
        _stream.CopyToDevice(Block(block), _staging.Data, _places.BlockBytes);
        _stream.Record(_staged);
    }

    /// <summary>Fills all of it with a byte: for tests.</summary>
    internal void Fill(byte value) => _stream.Fill(_memory.Address, value, _memory.Bytes);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _staged.Dispose();
        _staging.Dispose();
        _memory.Dispose();
    }

    private ulong Block(int block) => _memory.Address + (ulong)(block * _places.BlockBytes);
}
