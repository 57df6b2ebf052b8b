namespace LlamaEngine.KvCache;

/// <summary>Blocks in the order in which they fell idle. Queues of one pool share the links, since a block is in one queue at most.</summary>
internal sealed class BlockQueue(int[] previous, int[] next)
{
    private const int None = -1;

    private int _newest = None;

    /// <summary>The block that has been idle for the longest time; -1: there is none.</summary>
    public int Oldest { get; private set; } = None;

    /// <summary>Blocks in the queue.</summary>
    public int Count { get; private set; }

    /// <summary>The next younger block; -1: there is none.</summary>
    public int After(int block) => next[block];

    /// <summary>Adds a block as the newest.</summary>
    public void Add(int block)
    {
        previous[block] = _newest;
        next[block] = None;
        if (_newest == None)
            Oldest = block;
        else
            next[_newest] = block;
        _newest = block;
        Count++;
    }

    /// <summary>Takes a block out, wherever it stands.</summary>
    public void Remove(int block)
    {
        int before = previous[block], after = next[block];
        if (before == None)
            Oldest = after;
        else
            next[before] = after;
        if (after == None)
            _newest = before;
        else
            previous[after] = before;
        Count--;
    }
}
