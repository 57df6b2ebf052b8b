using LlamaEngine.KvCache;

namespace LlamaEngine.Tests.KvCache;

public sealed class BlockPoolTests
{
    private static readonly int[] s_first = [1, 2, 3, 4], s_second = [5, 6, 7, 8];

    [Fact]
    public void Blocks_are_taken_until_none_is_left()
    {
        var pool = new BlockPool(3, 4);
        int[] taken = [Take(pool), Take(pool), Take(pool)];
        Assert.Equal([0, 1, 2], taken.Order());
        Assert.False(pool.TryTake(out _));
        pool.Release(taken[1]);
        Assert.Equal(taken[1], Take(pool));
        pool.CheckIntegrity([1, 1, 1]);
    }

    [Fact]
    public void Released_content_is_found_again_behind_its_parent_only()
    {
        var pool = new BlockPool(4, 4);
        int first = Take(pool), second = Take(pool);
        long afterFirst = pool.Register(first, BlockPool.Root, s_first);
        long afterSecond = pool.Register(second, afterFirst, s_second);
        pool.Release(second);
        pool.Release(first);
        Assert.Equal(2, pool.Cached);
        Assert.False(pool.TryFind(BlockPool.Root, s_second, out _, out _));
        Assert.True(pool.TryFind(BlockPool.Root, s_first, out int found, out long content));
        Assert.Equal((first, afterFirst), (found, content));
        Assert.True(pool.TryFind(content, s_second, out found, out content));
        Assert.Equal((second, afterSecond), (found, content));
        Assert.Equal(0, pool.Cached);
    }

    [Fact]
    public void Equal_content_is_known_once()
    {
        var pool = new BlockPool(4, 4);
        int first = Take(pool), twin = Take(pool);
        long content = pool.Register(first, BlockPool.Root, s_first);
        Assert.Equal(content, pool.Register(twin, BlockPool.Root, s_first));
        pool.Release(twin);
        Assert.Equal(0, pool.Cached);
        pool.Release(first);
        Assert.Equal(1, pool.Cached);
    }

    [Fact]
    public void The_least_recently_used_content_goes_first()
    {
        var pool = new BlockPool(2, 4);
        int older = Take(pool), newer = Take(pool);
        pool.Register(older, BlockPool.Root, s_first);
        pool.Register(newer, BlockPool.Root, s_second);
        pool.Release(older);
        pool.Release(newer);
        Assert.True(pool.TryFind(BlockPool.Root, s_first, out int used, out _));
        pool.Release(used);
        Assert.Equal(newer, Take(pool));
        Assert.Equal(1, pool.Evictions);
        Assert.False(pool.TryFind(BlockPool.Root, s_second, out _, out _));
        Assert.True(pool.TryFind(BlockPool.Root, s_first, out _, out _));
    }

    [Fact]
    public void Shared_blocks_stay_until_the_last_reference_goes()
    {
        var pool = new BlockPool(1, 4);
        int block = Take(pool);
        pool.Register(block, BlockPool.Root, s_first);
        Assert.True(pool.TryFind(BlockPool.Root, s_first, out _, out _));
        pool.Release(block);
        Assert.False(pool.TryTake(out _));
        pool.Release(block);
        Assert.True(pool.TryTake(out _));
    }

    [Fact]
    public void Wrong_books_are_noticed()
    {
        var pool = new BlockPool(2, 4);
        int block = Take(pool);
        int[] held = [0, 0];
        Assert.Throws<EngineFaultedException>(() => pool.CheckIntegrity(held));
        held[block] = 1;
        pool.CheckIntegrity(held);
    }

    private static int Take(BlockPool pool)
    {
        Assert.True(pool.TryTake(out int block));
        return block;
    }
}
