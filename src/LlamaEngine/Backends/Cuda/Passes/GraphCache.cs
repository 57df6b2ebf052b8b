using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Backends.Cuda.Passes;

/// <summary>What makes two passes launch the same kernels with the same arguments.</summary>
/// <param name="Slot">The plan's slot: outputs and plan stand elsewhere in the other.</param>
/// <param name="Shape">Its shape.</param>
internal readonly record struct GraphKey(int Slot, PassShape Shape);

/// <summary>Recorded passes; the least recently used one goes when a new one finds no room.</summary>
internal sealed class GraphCache : IDisposable
{
    /// <summary>Most graphs that are kept.</summary>
    public const int Capacity = 64;

    private readonly Dictionary<GraphKey, RecordedPass> _passes = new(Capacity);
    private long _clock;

    /// <summary>Graphs there are.</summary>
    public int Count => _passes.Count;

    /// <summary>The entry of a key, a new one where it was not met before.</summary>
    public RecordedPass Find(GraphKey key)
    {
        if (!_passes.TryGetValue(key, out RecordedPass? pass))
        {
            if (_passes.Count == Capacity)
                DropOldest();
            _passes.Add(key, pass = new RecordedPass());
        }
        pass.LastUse = ++_clock;
        return pass;
    }

    /// <summary>Forgets all: an address that graphs speak of is about to change.</summary>
    public void Clear()
    {
        foreach (RecordedPass pass in _passes.Values)
            pass.Graph?.Dispose();
        _passes.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    private void DropOldest()
    {
        GraphKey oldest = default;
        long use = long.MaxValue;
        foreach ((GraphKey key, RecordedPass pass) in _passes)
        {
            if (pass.LastUse < use)
                (oldest, use) = (key, pass.LastUse);
        }
        _passes.Remove(oldest, out RecordedPass? dropped);
        dropped?.Graph?.Dispose(); // one that is in flight is freed by the driver when it is done
    }
}

/// <summary>A kind of pass that was met, and its graph once it was recorded.</summary>
internal sealed class RecordedPass
{
    /// <summary>Null: not recorded yet.</summary>
    public CudaGraph? Graph { get; set; }

    /// <summary>It was computed once: kernels are loaded, scratch memory has its size, so recording is worth it and safe.</summary>
    public bool WasComputed { get; set; }

    /// <summary>When it was used last, by the cache's clock.</summary>
    public long LastUse { get; set; }
}
