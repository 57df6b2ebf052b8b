using System.Diagnostics;
using LlamaEngine.Benchmarks.Stub;
using LlamaEngine.Formats;
using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Engine;

/// <summary>Thousands of requests of all kinds that end in all ways, in a cache that is too small for them: nothing is left behind.</summary>
/// <remarks>Measures the memory of the process, so no other test may run beside it.</remarks>
[Collection(nameof(LifetimeTests))]
public sealed class StressTests
{
    /// <summary>Requests after which everything that can happen has happened.</summary>
    private const int MeetsEverything = 10_000;

    private const int Callers = 48, Rounds = 4, MaxSequences = 24, MaxQueued = 24, Context = 160, KvTokens = 320;

    private static readonly EngineOptions s_options = new()
    {
        ModelPath = Lexicon.StandIn,
        ContextLength = Context,
        KvCacheTokens = KvTokens,
        MaxSequences = MaxSequences,
        MaxQueuedRequests = MaxQueued,
        MaxBatchTokens = 48, // prompts are computed in chunks
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Twenty_thousand_requests_leave_nothing_behind()
    {
        // Passes take a millisecond of nothing, so that requests meet in the queue and can be caught in the middle.
        await using InferenceEngine engine = InferenceEngine.Create(
            s_options,
            () => new StubModel(Context, ModelFile.Open(Lexicon.StandIn)),
            _ => new StubBackend(TimeSpan.FromMilliseconds(1)));
        await CheckAsync(engine, requests: 20_000, seed: 20261121);
    }

    /// <summary>160 requests, or as many as the environment variable LLAMAENGINE_STRESS_REQUESTS says.</summary>
    [Fact]
    [Trait(TestDevice.Trait, TestDevice.Any)]
    public async Task Nor_do_some_of_a_real_model()
    {
        await using InferenceEngine engine = TestEngine.Create(s_options);
        int requests = int.TryParse(Environment.GetEnvironmentVariable("LLAMAENGINE_STRESS_REQUESTS"), out int wanted) ? wanted : 160;
        await CheckAsync(engine, requests, seed: 20261122);
    }

    private static async Task CheckAsync(InferenceEngine engine, int requests, int seed)
    {
        var ledger = new StressLedger();
        Completion before = await engine.CompleteAsync(Prompt.FromUser("river"), cancellationToken: Token);
        (long Managed, long Resident) first = default;
        for (int round = 0; round < Rounds; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(
                () => new StressCaller(engine, ledger, HashCode(seed, round, caller)).RunAsync(requests / Rounds * (round + 1)), Token)));
            await IdleAsync(engine);
            Collect();
            Assert.True(ledger.ForgetCollected() == 0, $"Requests are still held. Seed {seed}, round {round}: {ledger}, {engine.Statistics}");
            if (round == 0)
                first = Memory();
        }
        (long managed, long resident) = Memory();
        EngineStatistics end = engine.Statistics;
        string story = $"seed {seed}: {ledger}, {end}";
        TestContext.Current.SendDiagnosticMessage(story);
        Assert.True(requests < MeetsEverything || ledger.MetEverything && end.Preemptions > 0 && end.Evictions > 0 && end.PrefixHitTokens > 0, story);
        Assert.True((end.RunningSequences, end.WaitingSequences, end.KvBlocksInUse, end.KvBlocksRetained) == (0, 0, 0, 0), story);
        Assert.True(managed - first.Managed < 2_000_000, $"the heap grew from {first.Managed:N0} to {managed:N0} bytes. {story}");
        Assert.True(resident - first.Resident < 50_000_000, $"the process grew from {first.Resident:N0} to {resident:N0} bytes. {story}");
        await CheckQueueIsEmptyAsync(engine);
        await IdleAsync(engine);
        Assert.Equal(before.Tokens, (await engine.CompleteAsync(Prompt.FromUser("river"), cancellationToken: Token)).Tokens);
    }

    /// <summary>As many requests as ever are taken, and not one more: none that ended is still counted.</summary>
    private static async Task CheckQueueIsEmptyAsync(InferenceEngine engine)
    {
        using var gate = new ManualResetEventSlim();
        var options = new GenerationOptions { MaxTokens = 2, LogitProcessors = [new GateProcessor(gate)] };
        Task[] taken = [.. Enumerable.Range(0, MaxSequences + MaxQueued).Select(_ => engine.CompleteAsync("river", options, Token))];
        try
        {
            await Assert.ThrowsAsync<QueueFullException>(() => engine.CompleteAsync("river", options, Token));
        }
        finally
        {
            gate.Set();
        }
        await Task.WhenAll(taken);
    }

    /// <summary>What was cancelled or abandoned last is gone a step later; waits for that.</summary>
    private static async Task IdleAsync(InferenceEngine engine)
    {
        long start = Stopwatch.GetTimestamp();
        do
        {
            Assert.True(Stopwatch.GetElapsedTime(start).TotalSeconds < 20, $"still busy: {engine.Statistics}");
            await Task.Delay(5, Token); // in any case: it also leaves the stack of the last caller, who would be held by it
        }
        while (engine.Statistics is not { RunningSequences: 0, WaitingSequences: 0, KvBlocksRetained: 0 });
    }

    private static (long Managed, long Resident) Memory()
    {
        Collect();
        using var self = Process.GetCurrentProcess();
        return (GC.GetTotalMemory(forceFullCollection: true), self.WorkingSet64);
    }

    private static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    // Not System.HashCode: that is another one in every process.
    private static int HashCode(int seed, int round, int caller) => unchecked((seed * 31 + round) * 1009 + caller);

    private sealed class GateProcessor(ManualResetEventSlim gate) : ILogitProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits) => gate.Wait(Token);
    }
}
