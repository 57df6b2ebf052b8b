using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>Rotation and cache writing: the same bits as on the CPU, and nothing else touched.</summary>
public sealed unsafe class RotateAndStoreTests
{
    private const int Blocks = 6, Layer = 1, Padding = 2;

    /// <summary>Type, head size, rotated values, block size, query heads, key-value heads, pairs.</summary>
    public static TheoryData<string, int, int, int, int, int, string> Shapes
    {
        get
        {
            var shapes = new TheoryData<string, int, int, int, int, int, string>();
            foreach (string type in Enum.GetNames<KvType>())
            {
                shapes.Add(type, 64, 64, 16, 3, 1, "HalfSplit");
                shapes.Add(type, 128, 128, 16, 2, 2, "Interleaved");
                shapes.Add(type, 48, 24, 20, 4, 2, "HalfSplit");
                shapes.Add(type, 12, 6, 16, 2, 1, "Interleaved");
                shapes.Add(type, 33, 32, 16, 1, 1, "HalfSplit");
                shapes.Add(type, 13, 0, 16, 2, 1, "HalfSplit");
            }
            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Gives_the_bits_of_the_CPU(string type, int headSize, int dimension, int blockSize, int heads, int kvHeads, string pairs)
    {
        using KernelBench bench = KernelBench.Open();
        KvLayout layout = new(2, kvHeads, heads, headSize, blockSize, Enum.Parse<KvType>(type));
        RopeConfiguration rope = new() { Base = 1e4f, Dimension = dimension, Layout = Enum.Parse<RopeLayout>(pairs) };
        BatchPlan plan = Plan(blockSize);
        int width = (heads + 2 * kvHeads) * headSize;
        float[] qkv = Values(plan.TokenCount, width, heads * headSize);
        (float[] rightRows, byte[][] rightBlocks) = OnCpu(layout, rope, plan, qkv, width);

        DeviceCache cache = new(layout, Blocks);
        float[] rows = OnDevice(bench, layout, rope, plan, qkv, width, cache);
        for (int row = 0; row < plan.TokenCount; row++)
            Assert.Equal(Bits(rightRows.AsSpan(row * width, heads * headSize)), Bits(rows.AsSpan(row * width, heads * headSize)));
        Assert.All(rows[(plan.TokenCount * width)..], value => Assert.Equal(1, value));
        foreach (int slot in plan.CacheSlots)
            CheckSlot(layout, cache, slot, rightBlocks[slot / blockSize]);
        CheckRest(cache, layout, plan.CacheSlots);
    }

    /// <summary>Without rotation what is stored is what the formats' definition says.</summary>
    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    [InlineData("Q8_0")]
    public void Rounds_as_defined(string type)
    {
        using KernelBench bench = KernelBench.Open();
        KvLayout layout = new(2, 2, 2, 80, 16, Enum.Parse<KvType>(type));
        BatchPlan plan = Plan(16);
        int width = 6 * 80;
        float[] qkv = Values(plan.TokenCount, width, 2 * 80);
        DeviceCache cache = new(layout, Blocks), expected = new(layout, Blocks);
        OnDevice(bench, layout, new RopeConfiguration { Base = 1e4f, Dimension = 0, Layout = RopeLayout.HalfSplit }, plan, qkv, width, cache);
        for (int row = 0; row < plan.TokenCount; row++)
        {
            for (int head = 0; head < 4; head++)
                expected.Store(Layer, plan.CacheSlots[row], head % 2, values: head >= 2, qkv.AsSpan(row * width + (2 + head) * 80, 80));
        }
        Assert.Equal(expected.Bytes, cache.Bytes);
    }

    /// <summary>Values half-way between two bytes, as nearly as float32 has them: a scale that is one unit off moves some of them.</summary>
    [Fact]
    public void Rounds_bytes_next_to_ties_as_defined()
    {
        using KernelBench bench = KernelBench.Open();
        KvLayout layout = new(2, 2, 1, 64, 16, KvType.Q8_0);
        BatchPlan plan = Plan(16);
        const int Width = 5 * 64, Group = KvLayout.GroupSize;
        float[] qkv = new float[plan.TokenCount * Width], largest = Numbers.Random(qkv.Length / Group, 12, 2);
        for (int i = 0; i < qkv.Length; i++)
            qkv[i] = i % Group == 0 ? largest[i / Group] : (i % Group + 0.5f) * (largest[i / Group] / 127);
        DeviceCache cache = new(layout, Blocks), expected = new(layout, Blocks);
        OnDevice(bench, layout, new RopeConfiguration { Base = 1e4f, Dimension = 0, Layout = RopeLayout.HalfSplit }, plan, qkv, Width, cache);
        for (int row = 0; row < plan.TokenCount; row++)
        {
            for (int head = 0; head < 4; head++)
                expected.Store(Layer, plan.CacheSlots[row], head % 2, values: head >= 2, qkv.AsSpan(row * Width + (1 + head) * 64, 64));
        }
        Assert.Equal(expected.Bytes, cache.Bytes);
    }

    /// <summary>Two sequences, at the start and behind a prefix, in blocks that are not in order.</summary>
    private static BatchPlan Plan(int blockSize)
    {
        BatchPlan plan = new(16, 2, 8, blockSize);
        plan.Add(new int[5], 0, [4], WantedRows.None);
        plan.Add(new int[7], blockSize + blockSize - 3, [5, 1, 3], WantedRows.None);
        return plan;
    }

    /// <summary>Large and small groups, one of zeros, one too small for a scale in half precision, and ties.</summary>
    private static float[] Values(int rows, int width, int queries)
    {
        float[] qkv = Numbers.Random(rows * width, 11, 2);
        for (int row = 0; row < rows; row++)
        {
            for (int i = queries; i < width; i++)
            {
                float value = qkv[row * width + i];
                qkv[row * width + i] = (row % 6) switch
                {
                    1 => 0,
                    2 => value * 1e-8f,
                    3 => MathF.Round(value * 64) / 64 + 1f / 256,
                    4 => value * 1e4f,
                    _ => value,
                };
            }
        }
        return qkv;
    }

    private static (float[] Rows, byte[][] Blocks) OnCpu(KvLayout layout, RopeConfiguration rope, BatchPlan plan, float[] qkv, int width)
    {
        using CpuBackend backend = new(new CpuOptions { Threads = 1 });
        using RopeTable table = backend.CreateRope(rope, layout.HeadSize, Blocks * layout.BlockSize);
        using KvStore store = backend.CreateKvStore(layout, Blocks);
        using Activations rows = backend.Allocate(plan.TokenCount, width);
        for (int row = 0; row < plan.TokenCount; row++)
            qkv.AsSpan(row * width, width).CopyTo(new Span<float>(((CpuActivations)rows).Row(row), width));
        backend.RotateAndStore(table, plan, rows, store, Layer);
        float[] rotated = new float[plan.TokenCount * width];
        for (int row = 0; row < plan.TokenCount; row++)
            backend.Read(rows, row)[..width].CopyTo(rotated.AsSpan(row * width));
        byte[][] blocks = [.. Enumerable.Range(0, Blocks).Select(_ => new byte[layout.BlockBytes])];
        for (int block = 0; block < Blocks; block++)
            store.ReadBlock(block, blocks[block]);
        return (rotated, blocks);
    }

    /// <summary>Gives the rows, rows of padding last; the cache's bytes are what the kernel left.</summary>
    private static float[] OnDevice(
        KernelBench bench, KvLayout layout, RopeConfiguration rope, BatchPlan plan, float[] qkv, int width, DeviceCache cache)
    {
        int stride = ((width + 3) & ~3) + 4, rows = plan.TokenCount + Padding;
        float[] padded = new float[rows * stride];
        padded.AsSpan().Fill(1);
        for (int row = 0; row < plan.TokenCount; row++)
            qkv.AsSpan(row * width, width).CopyTo(padded.AsSpan(row * stride));
        BenchBuffer bytes = bench.Upload(cache.Bytes), input = bench.Upload(padded);
        new AttentionKernels(bench.Kernels, layout).RotateAndStore(bench.Stream, new RotateAndStoreArguments
        {
            Cache = cache.View(bytes, Layer),
            Qkv = input,
            Table = bench.Upload(Table(rope, plan.Positions)),
            Positions = bench.Upload<int>([.. plan.Positions, .. Enumerable.Repeat(int.MaxValue, Padding)]),
            CacheSlots = bench.Upload<int>([.. plan.CacheSlots, .. Enumerable.Repeat(-1, Padding)]),
            Stride = stride,
            Heads = layout.Heads,
            Dimension = rope.Dimension,
            Rows = rows,
            Interleaved = rope.Layout == RopeLayout.Interleaved ? 1 : 0,
        });
        bench.Finish();
        cache.Bytes = bench.Download<byte>(bytes, cache.Bytes.Length);
        float[] all = bench.Download<float>(input, padded.Length);
        return [.. Enumerable.Range(0, rows).SelectMany(row => all[(row * stride)..(row * stride + width)])];
    }

    private static float[] Table(RopeConfiguration rope, ReadOnlySpan<int> positions)
    {
        RopeFrequencies frequencies = RopeFrequencies.Compute(rope);
        int last = 0;
        foreach (int position in positions)
            last = Math.Max(last, position);
        return [.. Enumerable.Range(0, last + 1).SelectMany(position => frequencies.Inverse.SelectMany(inverse => new[]
        {
            (float)(Math.SinCos(position * inverse).Cos * frequencies.Magnitude), (float)(Math.SinCos(position * inverse).Sin * frequencies.Magnitude),
        }))];
    }

    /// <summary>Compares a slot with a block in the order of <see cref="KvStore.ReadBlock"/>.</summary>
    private static void CheckSlot(KvLayout layout, DeviceCache cache, int slot, ReadOnlySpan<byte> block)
    {
        int size = layout.HeadSize, bytes = layout.ElementBytes, groups = layout.ScaleGroups, positions = layout.BlockSize, p = slot % positions;
        int scaleBytes = groups * positions * KvLayout.ScaleBytes, headBytes = scaleBytes + size * positions * bytes;
        block = block[(Layer * 2 * layout.KeyValueHeads * headBytes)..];
        for (int head = 0; head < 2 * layout.KeyValueHeads; head++, block = block[headBytes..])
        {
            bool values = head >= layout.KeyValueHeads;
            int stored = head % layout.KeyValueHeads;
            Span<byte> numbers = cache.Numbers(Layer, slot, stored, values), scales = cache.Scales(Layer, slot, stored, values);
            for (int i = 0; i < size; i++)
            {
                int index = values ? p * size + i : i * positions + p;
                Assert.Equal(block.Slice(scaleBytes + index * bytes, bytes).ToArray(), numbers.Slice(i * bytes, bytes).ToArray());
            }
            for (int group = 0; group < groups; group++)
            {
                ReadOnlySpan<byte> scale = block.Slice((group * positions + p) * KvLayout.ScaleBytes, KvLayout.ScaleBytes);
                Assert.Equal(scale.ToArray(), scales.Slice(group * KvLayout.ScaleBytes, KvLayout.ScaleBytes).ToArray());
            }
        }
    }

    /// <summary>Everything but the slots is as it was.</summary>
    private static void CheckRest(DeviceCache cache, KvLayout layout, ReadOnlySpan<int> slots)
    {
        foreach (int slot in slots)
        {
            for (int head = 0; head < layout.KeyValueHeads; head++)
            {
                foreach (bool values in new[] { false, true })
                {
                    cache.Numbers(Layer, slot, head, values).Fill(0xFF);
                    cache.Scales(Layer, slot, head, values).Fill(0xFF);
                }
            }
        }
        Assert.False(cache.Bytes.AsSpan().ContainsAnyExcept((byte)0xFF));
    }

    private static int[] Bits(ReadOnlySpan<float> values)
    {
        int[] bits = new int[values.Length];
        for (int i = 0; i < bits.Length; i++)
            bits[i] = BitConverter.SingleToInt32Bits(values[i]);
        return bits;
    }
}
