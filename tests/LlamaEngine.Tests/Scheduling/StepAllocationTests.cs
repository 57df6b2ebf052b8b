using LlamaEngine.Benchmarks.Stub;
using LlamaEngine.Tests.Engine;

namespace LlamaEngine.Tests.Scheduling;

/// <summary>What the loop thread allocates while many sequences decode and their callers read: nothing.</summary>
/// <remarks>Counts what a thread allocates, which collections that others cause add to; so no other test may run beside it.</remarks>
[Collection(nameof(LifetimeTests))]
public sealed class StepAllocationTests
{
    private const int Sequences = 128, Generated = 400, First = 60, Last = 360;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_step_of_128_sequences_allocates_nothing()
    {
        await using InferenceEngine engine = StubBackend.CreateEngine(
            new EngineOptions { ContextLength = 512, KvCacheTokens = Sequences * 512, MaxSequences = Sequences });
        long least = long.MaxValue;
        // Collections, and a thread pool that still grows, are charged to the loop thread: the best of several rounds counts.
        for (int round = 0; round < 12 && least > 0; round++)
        {
            var probe = new AllocationProbe(Generated);
            await Task.WhenAll(Enumerable.Range(0, Sequences).Select(i => Task.Run(() => ConsumeAsync(engine, i, probe), Token)));
            least = Math.Min(least, probe.Between(First, Last));
        }
        Assert.Equal(0, least);
    }

    private static async Task ConsumeAsync(InferenceEngine engine, int index, AllocationProbe probe)
    {
        var options = new GenerationOptions
        {
            MaxTokens = Generated,
            Temperature = index % 2 == 0 ? 0 : 0.8f,
            TopLogProbabilities = index % 4 == 0 ? 0 : null,
            LogitProcessors = index == 0 ? [probe] : [],
        };
        int read = 0;
        await foreach (CompletionUpdate _ in engine.GenerateAsync(new[] { 1 + index, 2, 3 }, options, Token))
            read++;
        Assert.Equal(Generated, read);
    }
}
