using System.Runtime.InteropServices;

namespace LlamaEngine.KvCache;

/// <summary>
/// The blocks of a KV cache: who uses them, and what stands in those that nobody uses any more. A full block is known by
/// its parent (the content before it) and its own tokens, so equal prefixes find the same blocks, and content that nobody
/// uses stays findable until its block is needed, least recently used first.
/// </summary>
/// <remarks>
/// After vLLM's automatic prefix caching (Kwon et al. 2023, arXiv 2309.06180), but tokens are compared, not only their hash,
/// so two prompts never share by accident. Used by the engine's loop thread only; allocates nothing but the index's growth.
/// </remarks>
internal sealed class BlockPool
{
    /// <summary>The content before the first block: nothing.</summary>
    public const long Root = 0;

    private const int None = -1;

    private readonly int[] _references;
    private readonly long[] _contents, _parents;
    private readonly int[] _tokens;
    private readonly int[] _previous, _next;
    private readonly Stack<int> _free;
    private readonly Dictionary<ContentKey, int> _index = [];
    private int _oldest = None, _newest = None;
    private int _cached;
    private long _lastContent = Root;

    /// <summary>Makes a pool of free blocks.</summary>
    /// <param name="blocks">How many.</param>
    /// <param name="blockSize">Positions in one.</param>
    public BlockPool(int blocks, int blockSize)
    {
        BlockSize = blockSize;
        _references = new int[blocks];
        _contents = new long[blocks];
        _parents = new long[blocks];
        _previous = new int[blocks];
        _next = new int[blocks];
        _tokens = new int[checked(blocks * blockSize)];
        _free = new Stack<int>(Enumerable.Range(0, blocks).Reverse());
    }

    /// <summary>Positions in one block.</summary>
    public int BlockSize { get; }

    /// <summary>All blocks.</summary>
    public int Count => _references.Length;

    /// <summary>Blocks that can be taken: free ones, and cached ones that nobody uses.</summary>
    public int Available => _free.Count + _cached;

    /// <summary>Blocks that nobody uses but whose content can still be found.</summary>
    public int Cached => _cached;

    /// <summary>Cached blocks given up so far because their memory was needed.</summary>
    public long Evictions { get; private set; }

    /// <summary>Takes a block for new content, if need be the one that was not used for the longest time.</summary>
    public bool TryTake(out int block)
    {
        if (_free.TryPop(out block) || TryEvict(out block))
        {
            _references[block] = 1;
            return true;
        }
        return false;
    }

    /// <summary>Finds a full block with these tokens behind this content and adds a reference to it.</summary>
    /// <param name="parent">Content before the block.</param>
    /// <param name="tokens">Its tokens: as many as a block has.</param>
    /// <param name="block">The block.</param>
    /// <param name="content">What it and everything before it holds.</param>
    public bool TryFind(long parent, ReadOnlySpan<int> tokens, out int block, out long content)
    {
        content = Root;
        if (!_index.TryGetValue(ContentKey.Of(parent, tokens), out block) || !Holds(block, parent, tokens))
            return false;
        if (_references[block]++ == 0)
            Unlink(block);
        content = _contents[block];
        return true;
    }

    /// <summary>Makes a block that its owner has filled findable.</summary>
    /// <returns>Its content, for the next block's parent: an equal block's if there was one already.</returns>
    public long Register(int block, long parent, ReadOnlySpan<int> tokens)
    {
        ref int known = ref CollectionsMarshal.GetValueRefOrAddDefault(_index, ContentKey.Of(parent, tokens), out bool exists);
        if (exists)
            return Holds(known, parent, tokens) ? _contents[known] : ++_lastContent;
        known = block;
        tokens.CopyTo(TokensOf(block));
        _parents[block] = parent;
        return _contents[block] = ++_lastContent;
    }

    /// <summary>Gives a reference back. A block without any is free, or cached if its content is known.</summary>
    public void Release(int block)
    {
        if (--_references[block] > 0)
            return;
        if (_contents[block] == Root)
            _free.Push(block);
        else
            Append(block);
    }

    /// <summary>Counts everything anew and throws if the books do not balance.</summary>
    /// <param name="held">References that their owners know of, block by block.</param>
    /// <exception cref="EngineFaultedException">They do not balance.</exception>
    public void CheckIntegrity(ReadOnlySpan<int> held)
    {
        int linked = 0;
        for (int block = _oldest; block != None; block = _next[block], linked++)
            Require(_references[block] == 0 && _contents[block] != Root, $"cached block {block} is in use");
        Require(linked == _cached, $"{linked} blocks are linked, {_cached} counted");
        int used = 0;
        for (int block = 0; block < Count; block++)
        {
            Require(_references[block] == held[block], $"block {block} has {_references[block]} references, its owners know of {held[block]}");
            used += _references[block] > 0 ? 1 : 0;
            Require(_contents[block] == Root || _index[ContentKey.Of(_parents[block], TokensOf(block))] == block, $"block {block} cannot be found");
        }
        Require(used + _cached + _free.Count == Count, $"{used} used + {_cached} cached + {_free.Count} free ≠ {Count} blocks");

        static void Require(bool condition, string problem)
        {
            if (!condition)
                throw new EngineFaultedException($"KV cache: {problem}.");
        }
    }

    private bool TryEvict(out int block)
    {
        block = _oldest;
        if (block == None)
            return false;
        Unlink(block);
        _index.Remove(ContentKey.Of(_parents[block], TokensOf(block)));
        _contents[block] = Root;
        Evictions++;
        return true;
    }

    private bool Holds(int block, long parent, ReadOnlySpan<int> tokens) =>
        _parents[block] == parent && TokensOf(block).SequenceEqual(tokens);

    private Span<int> TokensOf(int block) => _tokens.AsSpan(block * BlockSize, BlockSize);

    private void Append(int block)
    {
        _previous[block] = _newest;
        _next[block] = None;
        if (_newest == None)
            _oldest = block;
        else
            _next[_newest] = block;
        _newest = block;
        _cached++;
    }

    private void Unlink(int block)
    {
        int previous = _previous[block], next = _next[block];
        if (previous == None)
            _oldest = next;
        else
            _next[previous] = next;
        if (next == None)
            _newest = previous;
        else
            _previous[next] = previous;
        _cached--;
    }

    /// <summary>Parent and hash of the tokens: where to look, not yet proof of equality.</summary>
    private readonly record struct ContentKey(long Parent, ulong TokensHash)
    {
        public static ContentKey Of(long parent, ReadOnlySpan<int> tokens)
        {
            // FNV-1a over whole ids; collisions only cost a miss.
            ulong hash = 14695981039346656037;
            foreach (int token in tokens)
                hash = (hash ^ (uint)token) * 1099511628211;
            return new ContentKey(parent, hash);
        }
    }
}
