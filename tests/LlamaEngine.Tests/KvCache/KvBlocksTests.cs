using System.Buffers.Binary;
using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Models;
using LlamaEngine.Tests.Backends;

namespace LlamaEngine.Tests.KvCache;

/// <summary>Blocks of the cache as bytes: their order, and what is refused.</summary>
public sealed unsafe class KvBlocksTests
{
    [Theory]
    [InlineData(16, 16)]
    [InlineData(10, 20)]
    internal void A_block_reads_as_keys_by_value_then_values_by_position(int headSize, int blockSize)
    {
        KvLayout layout = new(2, 3, 3, headSize, blockSize, KvType.F32);
        using CpuBackend backend = new(new CpuOptions { Threads = 2 });
        using KvStore store = backend.CreateKvStore(layout, 3);
        for (int layer = 0; layer < layout.Layers; layer++)
            Fill(backend, store, layer, block: 1);
        byte[] bytes = new byte[layout.BlockBytes];
        store.ReadBlock(1, bytes);
        int at = 0;
        for (int layer = 0; layer < 2; layer++)
        {
            for (int head = 0; head < 3; head++)
            {
                for (int value = 0; value < headSize; value++)
                {
                    for (int position = 0; position < blockSize; position++)
                        Assert.Equal(Key(layer, position, head, value), Next());
                }
            }
            for (int head = 0; head < 3; head++)
            {
                for (int position = 0; position < blockSize; position++)
                {
                    for (int value = 0; value < headSize; value++)
                        Assert.Equal(-Key(layer, position, head, value), Next());
                }
            }
        }
        Assert.Equal(bytes.Length, at);
        store.ReadBlock(0, bytes);
        Assert.All(bytes, zero => Assert.Equal(0, zero));

        float Next()
        {
            at += sizeof(float);
            return BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(at - sizeof(float)));
        }
    }

    [Theory]
    [InlineData(16, 16)]
    [InlineData(10, 20)]
    internal void What_was_written_or_copied_reads_back_and_nothing_else_changes(int headSize, int blockSize)
    {
        foreach (KvType type in Enum.GetValues<KvType>())
            CheckRoundTrips(new KvLayout(2, 3, 3, headSize, blockSize, type));
    }

    private static void CheckRoundTrips(KvLayout layout)
    {
        using CpuBackend backend = new(new CpuOptions { Threads = 1 });
        using KvStore store = backend.CreateKvStore(layout, 4);
        byte[][] blocks = [.. Enumerable.Range(0, 4).Select(i => Random(layout, i))];
        for (int i = 0; i < 4; i++)
            store.WriteBlock(i, blocks[i]);
        store.CopyBlock(2, 0);
        store.CopyBlock(3, 3);
        store.WriteBlock(1, blocks[3]);
        int[] expected = [2, 3, 2, 3];
        byte[] actual = new byte[layout.BlockBytes];
        for (int i = 0; i < 4; i++)
        {
            store.ReadBlock(i, actual);
            Assert.Equal(blocks[expected[i]], actual);
        }
    }

    [Theory]
    [InlineData(64, 16)]
    [InlineData(80, 64)]
    [InlineData(10, 20)]
    public void Attention_to_blocks_that_moved_is_the_same_bit_for_bit(int headSize, int blockSize)
    {
        foreach (KvType type in Enum.GetValues<KvType>())
        {
            KvLayout layout = new(2, 2, 4, headSize, blockSize, type);
            int positions = 2 * blockSize + 3, moved = blockSize + blockSize / 2 + 1;
            float[] qkv = Numbers.Random(positions * 8 * headSize, seed: 5);
            using AttentionRun original = new(layout, 4), other = new(layout, 7);
            original.Sequence(qkv, moved, 11, [2, 0, 3]);
            byte[] bytes = new byte[layout.BlockBytes];
            original.Store.ReadBlock(2, bytes);
            other.Store.WriteBlock(1, bytes);
            original.Store.ReadBlock(0, bytes);
            other.Store.WriteBlock(6, bytes);
            other.Store.CopyBlock(6, 5);
            float[] expected = original.Sequence(qkv, positions, 4, [2, 0, 3], from: moved);
            Assert.Equal(expected, other.Sequence(qkv, positions, positions, [1, 6, 2], from: moved));
            Assert.Equal(expected, other.Sequence(qkv, positions, 1, [1, 5, 4], from: moved));
        }
    }

    [Theory]
    [InlineData(64, 16)]
    [InlineData(10, 20)]
    internal void Stored_bytes_are_what_is_allocated(int headSize, int blockSize)
    {
        foreach (KvType type in Enum.GetValues<KvType>())
        {
            KvLayout layout = new(2, 3, 6, headSize, blockSize, type);
            using CpuBackend backend = new(new CpuOptions { Threads = 1 });
            long before = backend.BytesHeld;
            using KvStore store = backend.CreateKvStore(layout, 5);
            Assert.Equal(5 * layout.StoredBlockBytes, backend.BytesHeld - before);
            Assert.True(layout.BlockBytes <= layout.StoredBlockBytes);
        }
    }

    [Fact]
    public void Other_blocks_and_lengths_are_refused()
    {
        KvLayout layout = new(1, 1, 1, 16, 16, KvType.F16);
        using CpuBackend backend = new(new CpuOptions { Threads = 1 });
        using KvStore store = backend.CreateKvStore(layout, 2);
        byte[] bytes = new byte[layout.BlockBytes];
        foreach (int block in new[] { -1, 2, int.MaxValue, int.MinValue })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => store.ReadBlock(block, bytes));
            Assert.Throws<ArgumentOutOfRangeException>(() => store.WriteBlock(block, bytes));
            Assert.Throws<ArgumentOutOfRangeException>(() => store.CopyBlock(block, 0));
            Assert.Throws<ArgumentOutOfRangeException>(() => store.CopyBlock(0, block));
        }
        foreach (int length in new[] { 0, bytes.Length - 1, bytes.Length + 1 })
        {
            Assert.Throws<ArgumentException>(() => store.ReadBlock(0, new byte[length]));
            Assert.Throws<ArgumentException>(() => store.WriteBlock(0, new byte[length]));
        }
        store.Dispose();
        Assert.Throws<ObjectDisposedException>(() => store.ReadBlock(0, bytes));
    }

    private static byte[] Random(KvLayout layout, int seed)
    {
        byte[] bytes = new byte[layout.BlockBytes];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Stores a full block of one layer, unrotated, values being keys negated.</summary>
    private static void Fill(CpuBackend backend, KvStore store, int layer, int block)
    {
        KvLayout layout = store.Layout;
        int size = layout.HeadSize, heads = layout.KeyValueHeads;
        using Activations qkv = backend.Allocate(layout.BlockSize, 3 * heads * size);
        using RopeTable rope = backend.CreateRope(new RopeConfiguration { Base = 1e4f, Dimension = 0, Layout = RopeLayout.HalfSplit }, size, 1024);
        BatchPlan plan = new(layout.BlockSize, 1, 1, layout.BlockSize);
        plan.Add(new int[layout.BlockSize], 0, [block], WantedRows.None);
        for (int position = 0; position < layout.BlockSize; position++)
        {
            float* row = ((CpuActivations)qkv).Row(position);
            for (int i = 0; i < heads * size; i++)
            {
                row[i] = 0;
                row[heads * size + i] = Key(layer, position, i / size, i % size);
                row[2 * heads * size + i] = -row[heads * size + i];
            }
        }
        backend.RotateAndStore(rope, plan, qkv, store, layer);
    }

    private static float Key(int layer, int position, int head, int value) => 1 + value + 100 * position + 10_000 * (head + 3 * layer);
}
