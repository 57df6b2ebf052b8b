using LlamaEngine.Backends.Cpu.Memory;

namespace LlamaEngine.Backends.Cpu;

/// <summary>The KV cache in memory, layer by layer: see <see cref="KvView"/>.</summary>
internal sealed unsafe class CpuKvStore : KvStore
{
    private readonly NativeBuffer _keys, _values;
    private readonly long _keyLayerBytes, _valueLayerBytes;

    /// <summary>Makes a cache of zeros: what was never written still must be a number, for it is multiplied with weight 0.</summary>
    public CpuKvStore(KvLayout layout, int blocks, MemoryCounter counter)
        : base(layout, blocks)
    {
        _keyLayerBytes = KvView.KeyBlockBytes(layout) * blocks;
        _valueLayerBytes = KvView.ValueBlockBytes(layout) * blocks;
        _keys = new NativeBuffer(checked(_keyLayerBytes * layout.Layers), counter);
        try
        {
            _values = new NativeBuffer(checked(_valueLayerBytes * layout.Layers), counter);
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
        return new KvView(_keys.Data + layer * _keyLayerBytes, _values.Data + layer * _valueLayerBytes, Layout);
    }

    /// <inheritdoc/>
    public override void CopyBlock(int source, int destination)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)source, (uint)Blocks, nameof(source));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)destination, (uint)Blocks, nameof(destination));
        long keyBytes = KvView.KeyBlockBytes(Layout), valueBytes = KvView.ValueBlockBytes(Layout);
        for (int layer = 0; layer < Layout.Layers; layer++)
        {
            byte* keys = _keys.Data + layer * _keyLayerBytes, values = _values.Data + layer * _valueLayerBytes;
            Buffer.MemoryCopy(keys + source * keyBytes, keys + destination * keyBytes, keyBytes, keyBytes);
            Buffer.MemoryCopy(values + source * valueBytes, values + destination * valueBytes, valueBytes, valueBytes);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _keys.Dispose();
        _values.Dispose();
    }
}
