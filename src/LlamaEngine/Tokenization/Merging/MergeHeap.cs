namespace LlamaEngine.Tokenization.Merging;

/// <summary>A merge that was possible when it was found.</summary>
/// <param name="Key">Rank in the upper half, index of the left symbol in the lower: the smallest comes first.</param>
/// <param name="Length">Bytes of both symbols together; if they have changed since, the candidate is stale.</param>
/// <param name="Id">The token that results.</param>
internal readonly record struct MergeCandidate(ulong Key, int Length, int Id)
{
    /// <summary>Index of the left symbol.</summary>
    public int Left => (int)(uint)Key;
}

/// <summary>A binary min-heap of merge candidates that keeps its memory between words.</summary>
internal sealed class MergeHeap
{
    private MergeCandidate[] _items = new MergeCandidate[64];

    /// <summary>Number of candidates.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a candidate.</summary>
    public void Push(MergeCandidate candidate)
    {
        if (Count == _items.Length)
            Array.Resize(ref _items, Count * 2);
        int hole = Count++;
        while (hole > 0 && candidate.Key < _items[(hole - 1) / 2].Key)
        {
            _items[hole] = _items[(hole - 1) / 2];
            hole = (hole - 1) / 2;
        }
        _items[hole] = candidate;
    }

    /// <summary>Takes the candidate with the smallest key.</summary>
    public MergeCandidate Pop()
    {
        MergeCandidate top = _items[0];
        MergeCandidate last = _items[--Count];
        int hole = 0;
        for (int child = 1; child < Count; child = 2 * hole + 1)
        {
            if (child + 1 < Count && _items[child + 1].Key < _items[child].Key)
                child++;
            if (last.Key <= _items[child].Key)
                break;
            _items[hole] = _items[child];
            hole = child;
        }
        _items[hole] = last;
        return top;
    }
}
