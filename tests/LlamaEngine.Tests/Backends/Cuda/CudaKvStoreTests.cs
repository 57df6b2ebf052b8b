using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Backends.Cuda.Cache;
using LlamaEngine.Models;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>The KV cache on a device: storing, attending, and moving blocks between devices.</summary>
public sealed unsafe class CudaKvStoreTests
{
    public static TheoryData<string, int, int> Shapes
    {
        get
        {
            TheoryData<string, int, int> shapes = [];
            foreach (string type in Enum.GetNames<KvType>())
            {
                foreach ((int headSize, int blockSize) in new[] { (64, 16), (40, 16), (33, 4), (7, 3) })
                    shapes.Add(type, headSize, blockSize);
            }
            return shapes;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_block_has_the_same_bytes_outside_as_that_of_the_CPU_and_travels_both_ways(string type, int headSize, int blockSize)
    {
        using CudaBench bench = CudaBench.Open();
        using CpuBackend cpu = new(new CpuOptions { Threads = 1 });
        KvLayout layout = new(2, 2, 4, headSize, blockSize, Enum.Parse<KvType>(type));
        int rows = 2 * blockSize, width = 8 * headSize;
        float[] x = Numbers.Random(rows * width, 1, 3);
        using KvStore device = bench.Backend.CreateKvStore(layout, 4), host = cpu.CreateKvStore(layout, 4);
        for (int layer = 0; layer < 2; layer++)
        {
            float[] values = [.. x.Select(value => value * (layer + 1))];
            Store(bench, device, values, width, layer);
            Store(cpu, host, values, width, layer);
        }

        byte[] onDevice = new byte[layout.BlockBytes], onHost = new byte[layout.BlockBytes];
        foreach (int block in new[] { 2, 1 })
        {
            device.ReadBlock(block, onDevice);
            host.ReadBlock(block, onHost);
            Assert.Equal(onHost, onDevice);
            Assert.Contains(onDevice, value => value != 0);
        }

        // Block 1 of the CPU becomes block 3 of the device, then by copy block 0, then block 3 of the CPU.
        device.WriteBlock(3, onHost);
        device.CopyBlock(3, 0);
        device.CopyBlock(0, 0);
        device.ReadBlock(0, onDevice);
        host.WriteBlock(3, onDevice);
        byte[] back = new byte[layout.BlockBytes];
        host.ReadBlock(3, back);
        Assert.Equal(onHost, back);
    }

    [Fact]
    public void Blocks_and_rooms_that_are_wrong_are_refused()
    {
        using CudaBench bench = CudaBench.Open();
        KvLayout layout = new(1, 1, 1, 8, 4, KvType.F16);
        KvStore store = bench.Backend.CreateKvStore(layout, 2);
        Assert.Throws<ArgumentOutOfRangeException>(() => store.CopyBlock(0, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.CopyBlock(-1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.ReadBlock(2, new byte[layout.BlockBytes]));
        Assert.Throws<ArgumentException>(() => store.ReadBlock(0, new byte[layout.BlockBytes - 1]));
        Assert.Throws<ArgumentException>(() => store.WriteBlock(0, new byte[layout.BlockBytes + 1]));
        store.Dispose();
        store.Dispose();
        Assert.Throws<ObjectDisposedException>(() => store.CopyBlock(0, 1));
    }

    [Fact]
    public void A_new_cache_is_zeros()
    {
        using CudaBench bench = CudaBench.Open();
        KvLayout layout = new(2, 1, 1, 8, 4, KvType.Q8_0);
        using KvStore store = bench.Backend.CreateKvStore(layout, 1);
        byte[] block = new byte[layout.BlockBytes];
        Array.Fill(block, (byte)1);
        store.ReadBlock(0, block);
        Assert.All(block, value => Assert.Equal(0, value));
    }

    [Fact]
    public void Heads_that_have_no_kernels_are_refused_and_nothing_stays_behind()
    {
        using CudaBench bench = CudaBench.Open();
        long before = bench.Backend.BytesHeld;
        UnsupportedModelException exception = Assert.Throws<UnsupportedModelException>(
            () => bench.Backend.CreateKvStore(new KvLayout(1, 1, 1, 257, 16, KvType.F16), 2));
        Assert.Contains("257", exception.Message);
        Assert.Equal(before, bench.Backend.BytesHeld);
    }

    [Theory]
    [InlineData("F32", 32, int.MaxValue, false)]
    [InlineData("F16", 32, int.MaxValue, false)]
    [InlineData("F16", 40, int.MaxValue, true)]
    [InlineData("BF16", 64, 20, false)]
    [InlineData("Q8_0", 64, int.MaxValue, false)]
    [InlineData("Q8_0", 40, 20, true)]
    public void Attends_with_a_prompt_a_short_run_and_single_rows_at_once(string typeName, int headSize, int window, bool batchInvariant)
    {
        KvType type = Enum.Parse<KvType>(typeName);
        using CudaBench bench = CudaBench.Open(batchInvariant);
        AttendCase a = new(new KvLayout(2, 2, 6, headSize, 16, type), Positions: 300);
        using var store = (CudaKvStore)bench.Backend.CreateKvStore(a.Layout, 2 * a.BlocksPerSequence);
        store.Fill(0xFF);
        // Two sequences in scattered blocks. The first: 270 positions at once, three, one, one; the second beside it: one, one, one, 80.
        float[] first = Numbers.Random(300 * a.Width, 1, 2), second = Numbers.Random(300 * a.Width, 2, 2);
        int[][] tables = a.ScatteredTables();
        int p = 0, q = 0;
        foreach ((int rows, int otherRows) in new[] { (270, 1), (3, 1), (1, 1), (1, 80) })
        {
            float[] actual = a.Step(bench, store, window, (first, p, rows, tables[0]), (second, q, otherRows, tables[1]));
            double bound = type == KvType.F32 || batchInvariant ? 2e-6 : type == KvType.BF16 ? 2e-2 : 3e-3;
            a.Check(first, p, rows, window, actual.AsSpan(0, rows * a.Outputs), bound);
            a.Check(second, q, otherRows, window, actual.AsSpan(rows * a.Outputs), bound);
            (p, q) = (p + rows, q + otherRows);
        }
    }

    [Fact]
    public void Batch_invariance_gives_the_same_bits_alone_and_in_company()
    {
        using CudaBench bench = CudaBench.Open(batchInvariant: true);
        AttendCase a = new(new KvLayout(2, 1, 4, 32, 16, KvType.F16), Positions: 80);
        using var store = (CudaKvStore)bench.Backend.CreateKvStore(a.Layout, 2 * a.BlocksPerSequence);
        var weights = new StoredWeights(LlamaEngine.TensorType.Q8_0, 24, a.Outputs, 7);
        using LinearWeight linear = bench.Linear(weights);
        float[] x = Numbers.Random(80 * a.Width, 1, 2), other = Numbers.Random(80 * a.Width, 2, 2);
        int[][] tables = a.ScatteredTables();

        float[] whole = Multiply(a.Step(bench, store, int.MaxValue, (x, 0, 40, tables[0])));
        List<float> parts = [];
        foreach ((int from, int rows, int company) in new[] { (0, 1, 20), (1, 7, 0), (8, 9, 1), (17, 23, 50) })
        {
            float[] attended = company == 0
                ? a.Step(bench, store, int.MaxValue, (x, from, rows, tables[0]))
                : a.Step(bench, store, int.MaxValue, (x, from, rows, tables[0]), (other, 0, company, tables[1]));
            parts.AddRange(Multiply(attended).Take(rows * 24));
        }
        Assert.Equal(whole, parts);

        float[] Multiply(float[] attended)
        {
            int rows = attended.Length / a.Outputs;
            using CudaActivations input = bench.Upload(attended, a.Outputs), output = bench.Poisoned(rows, 24);
            bench.Backend.Linear(linear, input, output, rows);
            return bench.Download(output, rows);
        }
    }

    private static void Store(CudaBench bench, KvStore store, float[] x, int width, int layer)
    {
        using CudaActivations qkv = bench.Upload(x, width);
        BatchPlan plan = Plan(store, x.Length / width);
        using RopeTable rope = bench.Backend.CreateRope(AttendCase.NoRotation, store.Layout.HeadSize, 64);
        bench.Pass(plan, () => bench.Backend.RotateAndStore(rope, plan, qkv, store, layer));
    }

    private static void Store(CpuBackend cpu, KvStore store, float[] x, int width, int layer)
    {
        using var qkv = (CpuActivations)cpu.Allocate(x.Length / width, width);
        for (int row = 0; row < qkv.Rows; row++)
            x.AsSpan(row * width, width).CopyTo(new Span<float>(qkv.Row(row), width));
        using RopeTable rope = cpu.CreateRope(AttendCase.NoRotation, store.Layout.HeadSize, 64);
        cpu.RotateAndStore(rope, Plan(store, qkv.Rows), qkv, store, layer);
    }

    private static BatchPlan Plan(KvStore store, int rows)
    {
        BatchPlan plan = new(rows, 1, 2, store.Layout.BlockSize);
        plan.Add(new int[rows], 0, [2, 1], WantedRows.None);
        return plan;
    }
}
