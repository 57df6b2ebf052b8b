using System.Diagnostics;
using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Engine;

/// <summary>Cancelling, abandoning and disposing: everything ends soon and nothing is left behind.</summary>
/// <remarks>Measures the memory of the process, so no other test may run beside it.</remarks>
[Collection(nameof(LifetimeTests))]
[CollectionDefinition(nameof(LifetimeTests), DisableParallelization = true)]
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class LifetimeTests
{
    private static readonly GenerationOptions s_endless = new() { IgnoreEndTokens = true, Temperature = 0 };

    private static readonly GenerationOptions s_some = new() { MaxTokens = 40 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cancelling_ends_a_generation()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        using var source = new CancellationTokenSource();
        int seen = 0;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (CompletionUpdate update in engine.GenerateAsync(Prompt.FromUser("river"), s_endless, source.Token))
            {
                if (++seen == 3)
                    await source.CancelAsync();
            }
        });
        Assert.True(seen < 200);
        Assert.NotEmpty((await engine.CompleteAsync(Prompt.FromUser("river"), s_some, Token)).Text);
    }

    [Fact]
    public async Task A_cancelled_enumeration_gives_nothing_more_of_what_was_generated()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        using var source = new CancellationTokenSource();
        int seen = 0;
        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            GenerationOptions twenty = s_endless with { MaxTokens = 20 };
            await foreach (CompletionUpdate update in engine.GenerateAsync(Prompt.FromUser("river"), twenty, source.Token))
            {
                seen++;
                while (engine.Statistics.EndedRequests == 0)
                    await Task.Delay(1, Token);
                await source.CancelAsync();
            }
        });
        Assert.Equal(1, seen);
        Assert.Equal(source.Token, exception.CancellationToken);
    }

    [Fact]
    public async Task A_cancelled_token_ends_a_request_before_it_starts()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.CompleteAsync("river", s_endless, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => TestEngine.CreateAsync(new EngineOptions { ModelPath = Lexicon.StandIn }, null, cancelled));
    }

    [Fact]
    public async Task Abandoning_an_enumeration_frees_the_engine_for_the_next()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        await foreach (CompletionUpdate _ in engine.GenerateAsync(Prompt.FromUser("river"), s_endless, Token))
            break;
        Assert.NotEmpty((await engine.CompleteAsync(Prompt.FromUser("river"), s_some, Token)).Text);
    }

    [Fact]
    public async Task Disposing_ends_running_requests_with_ObjectDisposedException()
    {
        var engine = TestEngine.Create(Lexicon.StandIn);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () =>
        {
            await foreach (CompletionUpdate _ in engine.GenerateAsync(Prompt.FromUser("river"), s_endless, Token))
                await engine.DisposeAsync();
        });
        Assert.Throws<ObjectDisposedException>(() => { engine.GenerateAsync("river", cancellationToken: Token); });
        await engine.DisposeAsync();
    }

    [Fact]
    public async Task Rounds_of_create_generate_cancel_dispose_leave_memory_flat()
    {
        for (int i = 0; i < 5; i++)
            await Round(i);
        long before = Resident();
        for (int i = 0; i < 60; i++)
            await Round(i);
        long grown = Resident() - before;
        // One engine takes about 20 MB: a leak of even a tenth of one each round would show.
        Assert.True(grown < 60_000_000, $"grew by {grown:N0} bytes");

        static async Task Round(int i)
        {
            await using var engine = await TestEngine.CreateAsync(new EngineOptions { ModelPath = Lexicon.StandIn }, null, Token);
            using var source = new CancellationTokenSource();
            int left = i % 7;
            try
            {
                await foreach (CompletionUpdate _ in engine.GenerateAsync(Prompt.FromUser("river"), s_endless, source.Token))
                {
                    if (left-- == 0)
                        await source.CancelAsync();
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }

    [Fact]
    public async Task A_cancelled_load_frees_what_it_loaded()
    {
        using var source = new CancellationTokenSource();
        var progress = new CancelAt(source, fraction: 0.5);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => TestEngine.CreateAsync(new EngineOptions { ModelPath = Lexicon.StandIn }, progress, source.Token));
        Assert.True(progress.Cancelled);
    }

    [Fact]
    public async Task Decoding_a_token_allocates_nothing()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        long least = long.MaxValue;
        // A collection is charged to the thread that is measured, whoever caused it: so the best of several rounds counts.
        for (int round = 0; round < 8 && least > 0; round++)
        {
            var probe = new AllocationProbe();
            await engine.CompleteAsync(Prompt.FromUser("river"), s_endless with { LogitProcessors = [probe], MaxTokens = 96 }, Token);
            least = Math.Min(least, probe.PerToken[^64..].Sum());
        }
        Assert.Equal(0, least);
    }

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    /// <summary>Counts what the loop thread allocates from one token to the next: scheduling, forward pass, sampling and hand-over.</summary>
    private sealed class AllocationProbe : ILogitProcessor
    {
        private readonly long[] _perToken = new long[256];
        private int _count;
        private long _last;

        public long[] PerToken => _perToken[.._count];

        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits)
        {
            long now = GC.GetAllocatedBytesForCurrentThread();
            _perToken[_count++] = now - _last;
            // Lexicon is faster than this test's reader: what a reader has not taken yet is queued, and a queue grows.
            Thread.Sleep(1);
            _last = now;
        }
    }

    private sealed class CancelAt(CancellationTokenSource source, double fraction) : IProgress<LoadProgress>
    {
        public bool Cancelled { get; private set; }

        public void Report(LoadProgress value)
        {
            if (value.CompletedBytes < fraction * value.TotalBytes)
                return;
            Cancelled = true;
            source.Cancel();
        }
    }
}
