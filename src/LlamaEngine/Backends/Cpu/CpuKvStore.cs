using LlamaEngine.Backends.Cpu.Memory;

namespace LlamaEngine.Backends.Cpu;

/// <summary>The KV cache in memory: [block][layer], keys before values, see <see cref="KvView"/>.</summary>
/// <remarks>
/// All layers of a block stand together, so that a short sequence touches few pages: memory that nobody used yet costs as much to
/// get as to fill. The order outside the device is that of the memory, but for the padding; so blocks move at the speed of memory.
/// </remarks>
internal sealed unsafe class CpuKvStore : KvStore
{
    private readonly NativeBuffer _memory;
    private readonly long _layerBytes, _blockBytes;

    /// <summary>Makes a cache of zeros.</summary>
    public CpuKvStore(KvLayout layout, int blocks, MemoryCounter counter)
        : base(layout, blocks)
    {
        _layerBytes = layout.StoredKeyBytes + layout.StoredValueBytes;
        _blockBytes = _layerBytes * layout.Layers;
        _memory = new NativeBuffer(checked(_blockBytes * blocks), counter);
    }

    /// <summary>One layer.</summary>
    public KvView Layer(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)Layout.Layers, nameof(layer));
        return new KvView(_memory.Data + layer * _layerBytes, _blockBytes, Layout);
    }

    /// <inheritdoc/>
    public override void CopyBlock(int source, int destination)
    {
        CheckUse(source, nameof(source));
        CheckUse(destination, nameof(destination));
        if (source != destination)
            Buffer.MemoryCopy(_memory.Data + source * _blockBytes, _memory.Data + destination * _blockBytes, _blockBytes, _blockBytes);
    }

    /// <inheritdoc/>
    public override void ReadBlock(int block, Span<byte> destination)
    {
        CheckUse(block, nameof(block));
        CheckLength(destination.Length, nameof(destination));
        fixed (byte* start = destination)
        {
            byte* next = start;
            for (int layer = 0; layer < Layout.Layers; layer++)
            {
                KvView view = Layer(layer);
                for (int head = 0; head < view.Heads; head++)
                    next = view.KeyMatrix(block, head).Read(view.KeyScaleMatrix(block, head).Read(next));
                for (int head = 0; head < view.Heads; head++)
                    next = view.ValueMatrix(block, head).Read(view.ValueScaleMatrix(block, head).Read(next));
            }
        }
    }

    /// <inheritdoc/>
    public override void WriteBlock(int block, ReadOnlySpan<byte> source)
    {
        CheckUse(block, nameof(block));
        CheckLength(source.Length, nameof(source));
        fixed (byte* start = source)
        {
            byte* next = start;
            for (int layer = 0; layer < Layout.Layers; layer++)
            {
                KvView view = Layer(layer);
                for (int head = 0; head < view.Heads; head++)
                    next = view.KeyMatrix(block, head).Write(view.KeyScaleMatrix(block, head).Write(next));
                for (int head = 0; head < view.Heads; head++)
                    next = view.ValueMatrix(block, head).Write(view.ValueScaleMatrix(block, head).Write(next));
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _memory.Dispose();

    private void CheckUse(int block, string parameter)
    {
        ObjectDisposedException.ThrowIf(_memory.Data == null, this);
        CheckBlock(block, parameter);
    }
}
