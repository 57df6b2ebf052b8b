namespace LlamaEngine.KvCache;

/// <summary>
/// The blocks that a session, a recipe or a restored snapshot keeps: those of the longest prefix of its tokens that the cache
/// holds. They outlive what nobody asked to keep, but give way where a request could not run without their memory; what was
/// given up is computed again when it is needed.
/// </summary>
/// <remarks>Belongs to the engine's loop thread.</remarks>
internal sealed class RetainedPrefix
{
    private List<(int Block, long Content)> _blocks = [];
    private bool _released;

    /// <summary>Retains the cached blocks of these tokens in place of those retained before.</summary>
    public void Retain(BlockPool pool, ReadOnlySpan<int> tokens)
    {
        if (_released)
            return;
        List<(int Block, long Content)> before = _blocks, now = [];
        long content = BlockPool.Root;
        for (int size = pool.BlockSize; tokens.Length >= size && pool.TryFind(content, tokens[..size], out int block, out content); tokens = tokens[size..])
            now.Add((block, pool.Retain(block)));
        for (int i = now.Count - 1; i >= 0; i--)
            pool.Release(now[i].Block);
        _blocks = now;
        Forget(pool, before);
    }

    /// <summary>Retains nothing any more, now and later.</summary>
    public void Release(BlockPool pool)
    {
        _released = true;
        Forget(pool, _blocks);
        _blocks = [];
    }

    /// <summary>Positions from the start that are still there.</summary>
    public int Held(BlockPool pool)
    {
        int count = 0;
        while (count < _blocks.Count && pool.Holds(_blocks[count].Block, _blocks[count].Content))
            count++;
        return count * pool.BlockSize;
    }

    private static void Forget(BlockPool pool, List<(int Block, long Content)> blocks)
    {
        for (int i = blocks.Count - 1; i >= 0; i--)
            pool.Forget(blocks[i].Block, blocks[i].Content);
    }
}
