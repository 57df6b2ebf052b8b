using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;

namespace LlamaEngine.Benchmarks;

/// <summary>
/// Attention of Llama 3.2 1B's shape and others, by type of the cache: one query after a long prompt, layer after layer as a step
/// takes them, so that the cache comes from memory; a prompt of 512; and blocks read and written as snapshots do.
/// </summary>
internal static class AttentionBenchmark
{
    private const int Layers = 16, Context = 8192, Prompt = 512;

    public static void Run(BenchmarkArguments arguments)
    {
        foreach (KvType type in Enum.GetValues<KvType>())
        {
            Run(arguments, new KvLayout(Layers, 8, 32, 64, 16, type));
            Run(arguments, new KvLayout(Layers, 3, 9, 64, 16, type));
            Run(arguments, new KvLayout(Layers, 8, 32, 128, 16, type));
        }
    }

    private static void Run(BenchmarkArguments arguments, KvLayout layout)
    {
        using CpuBackend backend = new(new CpuOptions { Threads = arguments.Threads, MaxInstructionSet = arguments.Level });
        int width = (layout.Heads + 2 * layout.KeyValueHeads) * layout.HeadSize, blocks = Context / layout.BlockSize;
        using Activations qkv = backend.Allocate(Prompt, width), output = backend.Allocate(Prompt, layout.Heads * layout.HeadSize);
        using KvStore cache = backend.CreateKvStore(layout, blocks);
        byte[] block = new byte[layout.BlockBytes];
        bool oneThread = arguments.Threads == 1;
        double write = Clock.Best(() => ForAll(blocks, i => cache.WriteBlock(i, block)), single: true);
        double read = Clock.Best(() => ForAll(blocks, i => cache.ReadBlock(i, block)), single: true);
        int[] table = [.. Enumerable.Range(0, blocks)];
        BatchPlan one = new(1, 1, blocks, layout.BlockSize), prompt = new(Prompt, 1, blocks, layout.BlockSize);
        one.Add(new int[1], Context - 1, table, WantedRows.None);
        prompt.Add(new int[Prompt], 0, table, WantedRows.None);
        double single = Clock.Best(() => ForAll(Layers, layer => backend.Attend(one, qkv, cache, layer, int.MaxValue, output)), oneThread) / Layers;
        double whole = Clock.Best(() => backend.Attend(prompt, qkv, cache, 0, int.MaxValue, output), oneThread);
        double macs = (double)layout.Heads * layout.HeadSize * Prompt * (Prompt + 1), bytes = (double)layout.BlockBytes * blocks;
        Console.WriteLine($"{layout.Heads}/{layout.KeyValueHeads} heads of {layout.HeadSize}, {layout.Type}: " +
            $"1 query over {Context} {single * 1e6:F0} us ({bytes / Layers / single / 1e9:F1} GB/s), {Prompt} queries {whole * 1e3:F2} ms ({macs / whole / 1e9:F0} GMAC/s), " +
            $"blocks out {bytes / read / 1e9:F1} GB/s, in {bytes / write / 1e9:F1} GB/s");
    }

    private static void ForAll(int count, Action<int> action)
    {
        for (int i = 0; i < count; i++)
            action(i);
    }
}
