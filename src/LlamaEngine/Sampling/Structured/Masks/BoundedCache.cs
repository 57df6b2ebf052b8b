namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>Keeps what was used lately: two halves, of which the older one goes when the newer one is full.</summary>
/// <param name="capacity">What the entries of a half may weigh together.</param>
/// <remarks>Not thread-safe. Looking up allocates nothing once there is room.</remarks>
internal sealed class BoundedCache<TKey, TValue>(long capacity)
    where TKey : notnull
{
    private Dictionary<TKey, Entry> _young = [], _old = [];
    private long _weight;

    /// <summary>Entries kept.</summary>
    public int Count => _young.Count + _old.Count;

    /// <summary>Finds what was kept; it is then young again.</summary>
    public bool TryGet(TKey key, out TValue value)
    {
        bool isYoung = _young.TryGetValue(key, out Entry entry), isOld = !isYoung && _old.Remove(key, out entry);
        if (isOld)
            Add(key, entry.Value, entry.Weight);
        value = entry.Value;
        return isYoung || isOld;
    }

    /// <summary>Keeps a value that is not kept yet.</summary>
    public void Add(TKey key, TValue value, int weight = 1)
    {
        if (_weight + weight > capacity)
        {
            (_young, _old) = (_old, _young);
            _young.Clear();
            _weight = 0;
        }
        _young.Add(key, new Entry(value, weight));
        _weight += weight;
    }

    private readonly record struct Entry(TValue Value, int Weight);
}
