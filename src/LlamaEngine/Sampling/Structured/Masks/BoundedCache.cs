namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>Keeps what was used lately: two halves, of which the older one goes when the newer one is full.</summary>
/// <param name="capacity">Most entries of a half.</param>
/// <remarks>Not thread-safe. Looking up allocates nothing once there is room.</remarks>
internal sealed class BoundedCache<TKey, TValue>(int capacity)
    where TKey : notnull
{
    private Dictionary<TKey, TValue> _young = [], _old = [];

    /// <summary>Entries kept.</summary>
    public int Count => _young.Count + _old.Count;

    /// <summary>Finds what was kept; it is then young again.</summary>
    public bool TryGet(TKey key, out TValue value)
    {
        if (_young.TryGetValue(key, out value!))
            return true;
        if (!_old.Remove(key, out value!))
            return false;
        Add(key, value);
        return true;
    }

    /// <summary>Keeps a value.</summary>
    public void Add(TKey key, TValue value)
    {
        if (_young.Count >= capacity)
        {
            (_young, _old) = (_old, _young);
            _young.Clear();
        }
        _young[key] = value;
    }
}
