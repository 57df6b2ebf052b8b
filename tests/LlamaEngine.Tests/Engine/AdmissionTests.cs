using System.Collections.Concurrent;
using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Engine;

/// <summary>Who is taken, in which order, for how long, and what is left behind.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class AdmissionTests
{
    private static readonly GenerationOptions s_endless = new() { IgnoreEndTokens = true, Temperature = 0 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_full_queue_refuses_and_takes_again_when_there_is_room()
    {
        await using InferenceEngine engine = Create(maxSequences: 1, maxQueued: 2);
        using var gate = new Gate();
        Task<Completion> running = engine.CompleteAsync("river", s_endless with { MaxTokens = 1, LogitProcessors = [gate] }, Token);
        Task<Completion>[] waiting = [engine.CompleteAsync("river", s_endless with { MaxTokens = 2 }, Token), engine.CompleteAsync("dog", s_endless with { MaxTokens = 2 }, Token)];
        var refused = await Assert.ThrowsAsync<QueueFullException>(() => engine.CompleteAsync("cat", s_endless, Token));
        Assert.Equal((2, 2), (refused.Queued, refused.Limit));
        await Assert.ThrowsAsync<QueueFullException>(() => engine.EmbedAsync("cat", cancellationToken: Token));
        gate.Open();
        await running;
        await Task.WhenAll(waiting);
        Assert.Single((await engine.CompleteAsync("cat", s_endless with { MaxTokens = 1 }, Token)).Tokens);
    }

    [Fact]
    public async Task A_queue_of_zero_takes_what_can_run()
    {
        await using InferenceEngine engine = Create(maxSequences: 2, maxQueued: 0);
        using var gate = new Gate();
        GenerationOptions options = s_endless with { MaxTokens = 1, LogitProcessors = [gate] };
        await Assert.ThrowsAsync<QueueFullException>(() => engine.CompleteAllAsync("river", options with { Choices = 3 }, Token));
        Task[] running = [engine.CompleteAsync("river", options, Token), engine.CompleteAsync("dog", options, Token)];
        await Assert.ThrowsAsync<QueueFullException>(() => engine.CompleteAsync("cat", options, Token));
        gate.Open();
        await Task.WhenAll(running);
    }

    [Fact]
    public async Task Requests_are_served_in_order_of_priority_then_arrival()
    {
        await using InferenceEngine engine = Create(maxSequences: 1);
        using var gate = new Gate();
        Task first = engine.CompleteAsync("river", s_endless with { MaxTokens = 1, LogitProcessors = [gate] }, Token);
        var order = new ConcurrentQueue<string>();
        Task[] others = [.. new[] { ("a", 0), ("b", 1), ("c", 0), ("d", 1), ("e", -1) }.Select(item => engine.CompleteAsync(
            "dog", s_endless with { MaxTokens = 1, Priority = item.Item2, LogitProcessors = [new Note(item.Item1, order)] }, Token))];
        gate.Open();
        await first;
        await Task.WhenAll(others);
        Assert.Equal(["b", "d", "a", "c", "e"], order);
    }

    [Fact]
    public async Task What_is_not_done_in_time_fails_while_it_waits_and_while_it_runs()
    {
        await using InferenceEngine engine = Create(maxSequences: 1);
        // Long enough for a first token on a busy machine and the software device; too short for all 260 at this pace.
        GenerationOptions timed = s_endless with { Timeout = TimeSpan.FromSeconds(5), LogitProcessors = [new Slow(milliseconds: 50)] };
        GenerationOptions sooner = timed with { Timeout = TimeSpan.FromMilliseconds(100) };
        Task<Completion> running = engine.CompleteAsync("river", timed, Token), waiting = engine.CompleteAsync("dog", sooner, Token);
        var late = await Assert.ThrowsAsync<DeadlineExceededException>(() => running);
        Assert.Equal((timed.Timeout!.Value, true), (late.Timeout, late.Started));
        Assert.InRange(late.GeneratedTokens, 1, 260);
        late = await Assert.ThrowsAsync<DeadlineExceededException>(() => waiting);
        Assert.Equal((false, 0), (late.Started, late.GeneratedTokens));
        await Assert.ThrowsAsync<DeadlineExceededException>(
            () => engine.EmbedAsync("river", new EmbeddingOptions { Timeout = TimeSpan.FromTicks(1) }, Token));
        Assert.Equal((0, 0), (engine.Statistics.KvBlocksInUse, engine.Statistics.WaitingSequences));
        foreach (TimeSpan none in (TimeSpan[])[TimeSpan.Zero, TimeSpan.FromSeconds(-1)])
            await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => engine.CompleteAsync("river", new GenerationOptions { Timeout = none }, Token));
        Assert.Single((await engine.CompleteAsync("river", s_endless with { Timeout = TimeSpan.MaxValue, MaxTokens = 1 }, Token)).Tokens);
    }

    [Fact]
    public async Task Tokens_that_came_in_time_are_not_lost()
    {
        await using InferenceEngine engine = Create(maxSequences: 1);
        int seen = 0;
        var late = await Assert.ThrowsAsync<DeadlineExceededException>(async () =>
        {
            GenerationOptions options = s_endless with { Timeout = TimeSpan.FromMilliseconds(60), LogitProcessors = [new Slow()] };
            await foreach (CompletionUpdate _ in engine.GenerateAsync("river", options, Token))
                seen++;
        });
        Assert.Equal(late.GeneratedTokens, seen);
    }

    [Fact]
    public async Task A_request_that_can_never_fit_is_refused_with_both_numbers()
    {
        await using var engine = TestEngine.Create(new EngineOptions { ModelPath = Lexicon.StandIn, KvCacheTokens = 64 });
        int[] prompt = [.. Enumerable.Range(1, 64)];
        var refused = await Assert.ThrowsAsync<ContextLengthExceededException>(() => engine.CompleteAsync(prompt, s_endless, Token));
        Assert.Equal((65, 64), (refused.RequestedTokens, refused.AvailableTokens));
        Completion fits = await engine.CompleteAsync(prompt[..63], s_endless, Token);
        Assert.Equal(FinishReason.Length, fits.FinishReason);
        Assert.Equal(64, fits.Usage.TotalTokens);
        Assert.Equal(64, (await engine.EmbedAsync(prompt, cancellationToken: Token)).Usage.PromptTokens);
    }

    [Fact]
    public async Task A_request_cancelled_in_its_prefill_frees_its_blocks_within_a_step()
    {
        await using var engine = TestEngine.Create(new EngineOptions { ModelPath = Lexicon.StandIn, MaxBatchTokens = 32 });
        using var source = new CancellationTokenSource();
        using var gate = new Gate();
        // A stream of one block, which sees every step from the loop thread; beside it a prompt in chunks of 31.
        var blocks = new List<int>();
        var watch = new AtEachStep(step =>
        {
            blocks.Add(engine.Statistics.KvBlocksInUse);
            if (step == 5)
                source.Cancel();
        });
        Task<Completion> stream = engine.CompleteAsync("river", s_endless with { MaxTokens = 9, LogitProcessors = [gate, watch] }, Token);
        Task<Completion> prefill = engine.CompleteAsync(Enumerable.Range(1, 400).ToArray(), s_endless, source.Token);
        gate.Open();
        await stream;
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => prefill);
        Assert.Equal(source.Token, cancelled.CancellationToken);
        Assert.True(blocks[5] > 6, $"only {blocks[5]} blocks were in use");
        // Step 6 began without it, and step 7 sees what step 6 left.
        Assert.Equal([1, 1], blocks[7..]);
    }

    [Fact]
    public async Task A_long_prompt_holds_running_streams_up_for_one_chunk_at_most()
    {
        await using var engine = TestEngine.Create(new EngineOptions { ModelPath = Lexicon.StandIn, MaxBatchTokens = 16 });
        using var gate = new Gate();
        // While the loop stands at this request's first token, the long prompt arrives.
        Task<Completion> stream = engine.CompleteAsync("river", s_endless with { MaxTokens = 40, LogitProcessors = [gate] }, Token);
        Task<Completion> longer = engine.CompleteAsync(Enumerable.Range(1, 300).ToArray(), s_endless with { MaxTokens = 1 }, Token);
        gate.Open();
        await Task.WhenAll(stream, longer);
        // Every step decoded the stream and computed a chunk of 15 beside it.
        long chunks = (300 + 14) / 15;
        // On a device that lags behind, a stream whose logits the host wants to see decodes in every other step while there are others.
        Assert.InRange(engine.Statistics.Steps, 40, (TestDevice.IsCuda ? 40 + chunks : Math.Max(40, chunks)) + 3);
    }

    private static InferenceEngine Create(int maxSequences, int? maxQueued = null) => TestEngine.Create(
        new EngineOptions { ModelPath = Lexicon.StandIn, MaxSequences = maxSequences, MaxQueuedRequests = maxQueued });

    /// <summary>Holds the loop thread until it is opened.</summary>
    private sealed class Gate : ILogitProcessor, IDisposable
    {
        private readonly ManualResetEventSlim _open = new();

        public void Open() => _open.Set();

        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits) => _open.Wait();

        public void Dispose() => _open.Dispose();
    }

    private sealed class AtEachStep(Action<int> action) : ILogitProcessor
    {
        private int _steps;

        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits) => action(_steps++);
    }

    private sealed class Note(string name, ConcurrentQueue<string> order) : ILogitProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits) => order.Enqueue(name);
    }

    private sealed class Slow(int milliseconds = 2) : ILogitProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits) => Thread.Sleep(milliseconds);
    }
}
