using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;

namespace LlamaEngine.Benchmarks;

/// <summary>Attention of Llama 3.2 1B's shape: one query after a long prompt, and a prompt of 512.</summary>
internal static class AttentionBenchmark
{
    public static void Run(BenchmarkArguments arguments)
    {
        foreach (KvType type in new[] { KvType.F16, KvType.F32 })
        {
            Run(arguments, new KvLayout(1, 8, 32, 64, 16, type));
            Run(arguments, new KvLayout(1, 3, 9, 64, 16, type));
            Run(arguments, new KvLayout(1, 8, 32, 128, 16, type));
        }
    }

    private static void Run(BenchmarkArguments arguments, KvLayout layout)
    {
        const int Context = 2048, Prompt = 512;
        using CpuBackend backend = new(new CpuOptions { Threads = arguments.Threads, MaxInstructionSet = arguments.Level });
        int width = (layout.Heads + 2 * layout.KeyValueHeads) * layout.HeadSize, blocks = Context / layout.BlockSize;
        using Activations qkv = backend.Allocate(Prompt, width), output = backend.Allocate(Prompt, layout.Heads * layout.HeadSize);
        using KvStore cache = backend.CreateKvStore(layout, blocks);
        int[] table = [.. Enumerable.Range(0, blocks)];
        BatchPlan one = new(1, 1, blocks, layout.BlockSize), prompt = new(Prompt, 1, blocks, layout.BlockSize);
        one.Add(new int[1], Context - 1, table, WantedRows.None);
        prompt.Add(new int[Prompt], 0, table, WantedRows.None);
        double single = Clock.Best(() => backend.Attend(one, qkv, cache, 0, int.MaxValue, output), arguments.Threads == 1);
        double whole = Clock.Best(() => backend.Attend(prompt, qkv, cache, 0, int.MaxValue, output), arguments.Threads == 1);
        double macs = (double)layout.Heads * layout.HeadSize * Prompt * (Prompt + 1);
        Console.WriteLine($"{layout.Heads}/{layout.KeyValueHeads} heads of {layout.HeadSize}, {layout.Type}: " +
            $"1 query over {Context} {single * 1e6:F0} us ({layout.BlockBytes * blocks / single / 1e9:F1} GB/s), {Prompt} queries {whole * 1e3:F2} ms ({macs / whole / 1e9:F0} GMAC/s)");
    }
}
