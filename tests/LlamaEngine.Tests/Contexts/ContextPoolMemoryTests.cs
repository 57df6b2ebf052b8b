using System.Diagnostics;
using LlamaEngine.Contexts;
using LlamaEngine.Tests.Engine;

namespace LlamaEngine.Tests.Contexts;

/// <summary>What a pool unloads is gone.</summary>
/// <remarks>Measures the memory of the process, so no other test may run beside it.</remarks>
[Collection(nameof(LifetimeTests))]
public sealed class ContextPoolMemoryTests
{
    private static readonly int[] s_prompt = [1, 2, 3];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_hundred_rounds_of_loading_and_unloading_leave_memory_flat()
    {
        EngineOptions first = new() { ModelPath = Lexicon.Model, Threads = 2 };
        EngineOptions second = first with { ModelPath = SharedData.Own("models", "rope-llama3", "model.gguf") };
        await using var pool = new ContextPool(new ContextPoolOptions { MemoryBytes = PoolPlanner.Plan(first).Bytes });
        pool.Add("first", first);
        pool.Add("second", second);
        for (int i = 0; i < 6; i++)
            await Round(i);
        long before = Resident();
        for (int i = 0; i < 100; i++)
            await Round(i);
        long grown = Resident() - before;
        Assert.Equal((106, 105), (pool.Statistics.Loads, pool.Statistics.Evictions));
        // One engine takes about 20 MB, every other time: a leak of even a tenth of one would show.
        Assert.True(grown < 60_000_000, $"grew by {grown:N0} bytes");

        async Task Round(int i)
        {
            await using ContextLease lease = await pool.RentAsync(i % 2 == 0 ? "first" : "second", Token);
            await lease.Engine.CompleteAsync(s_prompt, new GenerationOptions { MaxTokens = 2 }, Token);
        }
    }

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }
}
