using LlamaEngine.Backends.Cpu.Memory;

namespace LlamaEngine.Backends.Cpu;

/// <summary>The KV cache in memory, layer by layer: see <see cref="KvView"/>.</summary>
/// <remarks>The order outside the device is that of the memory, but for the padding; so blocks move at the speed of memory.</remarks>
internal sealed unsafe class CpuKvStore : KvStore
{
    private readonly NativeBuffer _keys, _values;
    private readonly long _keyBlockBytes, _valueBlockBytes;

    /// <summary>Makes a cache of zeros.</summary>
    public CpuKvStore(KvLayout layout, int blocks, MemoryCounter counter)
        : base(layout, blocks)
    {
        _keyBlockBytes = layout.StoredKeyBytes;
        _valueBlockBytes = layout.StoredValueBytes;
        _keys = new NativeBuffer(checked(_keyBlockBytes * blocks * layout.Layers), counter);
        try
        {
            _values = new NativeBuffer(checked(_valueBlockBytes * blocks * layout.Layers), counter);
        }
        catch
        {
            _keys.Dispose();
            throw;
        }
    }

    /// <summary>One layer.</summary>
    public KvView Layer(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)layer, (uint)Layout.Layers, nameof(layer));
        return new KvView(KeyBlock(layer, 0), ValueBlock(layer, 0), Layout);
    }

    /// <inheritdoc/>
    public override void CopyBlock(int source, int destination)
    {
        CheckUse(source, nameof(source));
        CheckUse(destination, nameof(destination));
        if (source == destination)
            return;
        for (int layer = 0; layer < Layout.Layers; layer++)
        {
            Buffer.MemoryCopy(KeyBlock(layer, source), KeyBlock(layer, destination), _keyBlockBytes, _keyBlockBytes);
            Buffer.MemoryCopy(ValueBlock(layer, source), ValueBlock(layer, destination), _valueBlockBytes, _valueBlockBytes);
        }
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
    public override void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
    }

    private byte* KeyBlock(int layer, int block) => _keys.Data + ((long)layer * Blocks + block) * _keyBlockBytes;

    private byte* ValueBlock(int layer, int block) => _values.Data + ((long)layer * Blocks + block) * _valueBlockBytes;

    private void CheckUse(int block, string parameter)
    {
        ObjectDisposedException.ThrowIf(_keys.Data == null, this);
        CheckBlock(block, parameter);
    }
}
