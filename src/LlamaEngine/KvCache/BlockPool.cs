using System.Runtime.InteropServices;

namespace LlamaEngine.KvCache;

/// <summary>
/// The blocks of a KV cache: who uses them, and what stands in those that nobody uses any more. A full block is known by
/// its parent (the content before it) and its own tokens, so equal prefixes find the same blocks, and content that nobody
/// uses stays findable until its block is needed, least recently used first. Content that somebody wants retained goes last.
/// </summary>
/// <remarks>
/// After vLLM's automatic prefix caching (Kwon et al. 2023, arXiv 2309.06180), but tokens are compared, not only their hash,
/// so two prompts never share by accident. Used by the engine's loop thread only; allocates nothing but the index's growth.
/// </remarks>
internal sealed class BlockPool
{
    /// <summary>The content before the first block: nothing.</summary>
    public const long Root = 0;

    private readonly int[] _references, _retainers;
    private readonly long[] _contents, _parents;
    private readonly int[] _tokens;
    private readonly Stack<int> _free;
    private readonly BlockQueue _cached, _retained;
    private readonly Dictionary<ContentKey, int> _index = [];
    private long _lastContent = Root;

    /// <summary>Makes a pool of free blocks.</summary>
    /// <param name="blocks">How many.</param>
    /// <param name="blockSize">Positions in one.</param>
    public BlockPool(int blocks, int blockSize)
    {
        BlockSize = blockSize;
        _references = new int[blocks];
        _retainers = new int[blocks];
        _contents = new long[blocks];
        _parents = new long[blocks];
        int[] previous = new int[blocks], next = new int[blocks];
        _cached = new BlockQueue(previous, next);
        _retained = new BlockQueue(previous, next);
        _tokens = new int[checked(blocks * blockSize)];
        _free = new Stack<int>(Enumerable.Range(0, blocks).Reverse());
    }

    /// <summary>Positions in one block.</summary>
    public int BlockSize { get; }

    /// <summary>All blocks.</summary>
    public int Count => _references.Length;

    /// <summary>Blocks that can be taken: those that nobody uses, whatever stands in them.</summary>
    public int Available => _free.Count + Cached;

    /// <summary>Blocks that nobody uses but whose content can still be found, retained ones included.</summary>
    public int Cached => _cached.Count + _retained.Count;

    /// <summary>Blocks whose content somebody wants retained, in use or not.</summary>
    public int Retained { get; private set; }

    /// <summary>Cached blocks given up so far because their memory was needed.</summary>
    public long Evictions { get; private set; }

    /// <summary>Snapshots being written or read: they use blocks that no sequence knows of.</summary>
    public int Transfers { get; set; }

    /// <summary>How many use a block.</summary>
    public int References(int block) => _references[block];

    /// <summary>Adds a user to a block in use: one that shares it.</summary>
    public void Share(int block) => _references[block]++;

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
        if (!_index.TryGetValue(ContentKey.Of(parent, tokens), out block) || !IsKnownAs(block, parent, tokens))
            return false;
        if (_references[block]++ == 0)
            QueueOf(block).Remove(block);
        content = _contents[block];
        return true;
    }

    /// <summary>Makes a block that its owner has filled findable.</summary>
    /// <returns>Its content, for the next block's parent: an equal block's if there was one already.</returns>
    public long Register(int block, long parent, ReadOnlySpan<int> tokens)
    {
        ref int known = ref CollectionsMarshal.GetValueRefOrAddDefault(_index, ContentKey.Of(parent, tokens), out bool exists);
        if (exists)
            return IsKnownAs(known, parent, tokens) ? _contents[known] : ++_lastContent;
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
            QueueOf(block).Add(block);
    }

    /// <summary>Asks that a block in use keep its content for as long as other content can be given up instead.</summary>
    /// <returns>The content, to be named to <see cref="Forget"/>.</returns>
    public long Retain(int block)
    {
        if (_retainers[block]++ == 0)
            Retained++;
        return _contents[block];
    }

    /// <summary>Takes a wish of <see cref="Retain"/> back; nothing if the content was given up meanwhile.</summary>
    public void Forget(int block, long content)
    {
        if (!Holds(block, content) || --_retainers[block] > 0)
            return;
        Retained--;
        if (_references[block] > 0)
            return;
        _retained.Remove(block);
        _cached.Add(block);
    }

    /// <summary>Whether a block still has this content.</summary>
    public bool Holds(int block, long content) => _contents[block] == content;

    /// <summary>Counts everything anew and throws if the books do not balance.</summary>
    /// <param name="held">References that their owners know of, block by block.</param>
    /// <exception cref="EngineFaultedException">They do not balance.</exception>
    public void CheckIntegrity(ReadOnlySpan<int> held)
    {
        CheckQueue(_cached, block => _retainers[block] == 0);
        CheckQueue(_retained, block => _retainers[block] > 0);
        int used = 0;
        for (int block = 0; block < Count; block++)
        {
            Require(_references[block] == held[block], $"block {block} has {_references[block]} references, its owners know of {held[block]}");
            used += _references[block] > 0 ? 1 : 0;
            Require(_contents[block] == Root || _index[ContentKey.Of(_parents[block], TokensOf(block))] == block, $"block {block} cannot be found");
        }
        Require(used + Cached + _free.Count == Count, $"{used} used + {Cached} cached + {_free.Count} free ≠ {Count} blocks");
        int retained = _retainers.Count(retainers => retainers > 0);
        Require(retained == Retained, $"{retained} blocks are retained, {Retained} counted");
    }

    private void CheckQueue(BlockQueue queue, Func<int, bool> belongs)
    {
        int linked = 0;
        for (int block = queue.Oldest; block >= 0; block = queue.After(block), linked++)
            Require(_references[block] == 0 && _contents[block] != Root && belongs(block), $"block {block} is in the wrong queue");
        Require(linked == queue.Count, $"{linked} blocks are linked, {queue.Count} counted");
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
            throw new EngineFaultedException($"KV cache: {problem}.");
    }

    private BlockQueue QueueOf(int block) => _retainers[block] > 0 ? _retained : _cached;

    private bool TryEvict(out int block)
    {
        BlockQueue queue = _cached.Count > 0 ? _cached : _retained;
        block = queue.Oldest;
        if (block < 0)
            return false;
        queue.Remove(block);
        Retained -= _retainers[block] > 0 ? 1 : 0;
        _retainers[block] = 0;
        _index.Remove(ContentKey.Of(_parents[block], TokensOf(block)));
        _contents[block] = Root;
        Evictions++;
        return true;
    }

    private bool IsKnownAs(int block, long parent, ReadOnlySpan<int> tokens) =>
        _parents[block] == parent && TokensOf(block).SequenceEqual(tokens);

    private Span<int> TokensOf(int block) => _tokens.AsSpan(block * BlockSize, BlockSize);

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
