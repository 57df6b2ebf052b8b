using System.Collections.Immutable;
using LlamaEngine.KvCache;

namespace LlamaEngine.Contexts;

/// <summary>The blocks that a snapshot is written from or read to, held so that nobody takes them meanwhile.</summary>
/// <remarks>Belongs to the engine's loop thread, but for <see cref="Ids"/> and <see cref="Known"/>, which do not change.</remarks>
internal sealed class SnapshotBlocks
{
    private long _content;

    private SnapshotBlocks(ImmutableArray<int> ids, int known, long content)
    {
        Ids = ids;
        Known = known;
        _content = content;
    }

    /// <summary>The blocks in the order of positions.</summary>
    public ImmutableArray<int> Ids { get; }

    /// <summary>How many of them, from the first on, were in the cache already.</summary>
    public int Known { get; }

    /// <summary>Holds the whole blocks of these tokens; null, and holds none, if the cache does not have all of them.</summary>
    public static SnapshotBlocks? TryHold(BlockPool pool, ImmutableArray<int> tokens)
    {
        (ImmutableArray<int>.Builder found, long content) = Find(pool, tokens);
        if (found.Count == tokens.Length / pool.BlockSize)
            return Hold(pool, found, found.Count, content);
        ReleaseAll(pool, found.ToImmutable());
        return null;
    }

    /// <summary>Holds the blocks of these tokens that the cache has, and takes blocks for all others that the tokens fill.</summary>
    /// <param name="blocks">How many the cache does not have, and how many there are that nobody uses.</param>
    /// <returns>Null, and holds none, if those are too few.</returns>
    public static SnapshotBlocks? TryTake(BlockPool pool, ImmutableArray<int> tokens, out (int Missing, int Available) blocks)
    {
        (ImmutableArray<int>.Builder found, long content) = Find(pool, tokens);
        int known = found.Count, count = tokens.Length / pool.BlockSize;
        blocks = (count - known, pool.Available);
        if (blocks.Missing > blocks.Available)
        {
            ReleaseAll(pool, found.ToImmutable());
            return null;
        }
        while (found.Count < count && pool.TryTake(out int block))
            found.Add(block);
        return Hold(pool, found, known, content);
    }

    /// <summary>Makes the next block behind the known ones findable, now that it is filled.</summary>
    /// <param name="tokens">Its tokens.</param>
    public void Register(BlockPool pool, int index, ReadOnlySpan<int> tokens) => _content = pool.Register(Ids[index], _content, tokens);

    /// <summary>Lets all go.</summary>
    public void Release(BlockPool pool)
    {
        ReleaseAll(pool, Ids);
        pool.Transfers--;
    }

    private static SnapshotBlocks Hold(BlockPool pool, ImmutableArray<int>.Builder blocks, int known, long content)
    {
        pool.Transfers++;
        return new SnapshotBlocks(blocks.ToImmutable(), known, content);
    }

    private static (ImmutableArray<int>.Builder Found, long Content) Find(BlockPool pool, ImmutableArray<int> tokens)
    {
        var found = ImmutableArray.CreateBuilder<int>();
        long content = BlockPool.Root;
        ReadOnlySpan<int> rest = tokens.AsSpan();
        for (int size = pool.BlockSize; rest.Length >= size && pool.TryFind(content, rest[..size], out int block, out long next); rest = rest[size..])
        {
            found.Add(block);
            content = next;
        }
        return (found, content);
    }

    private static void ReleaseAll(BlockPool pool, ImmutableArray<int> blocks)
    {
        for (int i = blocks.Length - 1; i >= 0; i--)
            pool.Release(blocks[i]);
    }
}
