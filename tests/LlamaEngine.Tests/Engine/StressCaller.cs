using LlamaEngine.Contexts;
using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Engine;

/// <summary>A caller that asks for random things at random times and gives up at random points.</summary>
internal sealed class StressCaller(InferenceEngine engine, StressLedger ledger, int seed)
{
    private const int Prefixes = 6, MaxPrompt = 40, MaxHeld = 2, MaxRefusals = 2000;

    private readonly Random _random = new(seed);
    private readonly Queue<RetainedContext> _held = [];
    private ChatSession? _chat;
    private int _refusals;

    /// <summary>Asks until so many requests of all callers have ended, then lets everything go that it keeps.</summary>
    public async Task RunAsync(int requests)
    {
        while (ledger.Ended < requests)
        {
            if (_random.Next(3) == 0)
                await Task.Delay(_random.Next(4));
            await AskAsync();
        }
        _chat?.Dispose();
        while (_held.TryDequeue(out RetainedContext? context))
            context.Dispose();
    }

    private async Task AskAsync()
    {
        using var cancellation = new CancellationTokenSource();
        bool hurried = _random.Next(4) == 0;
        if (_random.Next(5) == 0)
            cancellation.CancelAfter(_random.Next(12)); // 0: before it begins
        TimeSpan? timeout = hurried ? TimeSpan.FromMilliseconds(_random.NextDouble() * 30) : null;
        try
        {
            ledger.Count(await AskAsync(timeout, cancellation));
            _refusals = 0;
        }
        catch (Exception exception) when (OutcomeOf(exception) is { } outcome)
        {
            ledger.Count(outcome);
            if (outcome == StressOutcome.Refused)
                await BackOffAsync();
        }
    }

    /// <summary>Waits, as a polite client would, but not for ever: a queue that counts what has ended never empties.</summary>
    private async Task BackOffAsync()
    {
        Assert.True(++_refusals < MaxRefusals, $"refused {MaxRefusals} times, and nothing completed in between: {engine.Statistics}, seed {seed}");
        await Task.Delay(_random.Next(1, 20));
    }

    private Task<StressOutcome> AskAsync(TimeSpan? timeout, CancellationTokenSource cancellation) => _random.Next(20) switch
    {
        < 3 => EmbedAsync(timeout, cancellation.Token),
        3 => RetainAsync(cancellation.Token),
        < 6 => ChatAsync(timeout, cancellation),
        _ => GenerateAsync(timeout, cancellation),
    };

    private static StressOutcome? OutcomeOf(Exception exception) => exception switch
    {
        OperationCanceledException => StressOutcome.Cancelled,
        DeadlineExceededException => StressOutcome.TimedOut,
        QueueFullException => StressOutcome.Refused,
        NotSupportedException => StressOutcome.Failed, // the marker's
        _ => null,
    };

    private async Task<StressOutcome> EmbedAsync(TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var options = new EmbeddingOptions
        {
            Pooling = (EmbeddingPooling)_random.Next(3),
            Normalize = _random.Next(2) == 0,
            Priority = _random.Next(-1, 2),
            Timeout = timeout,
        };
        Task<PromptEmbedding> task = engine.EmbedAsync(DrawPrompt(), options, cancellationToken);
        ledger.Track(task);
        await task;
        return StressOutcome.Completed;
    }

    private async Task<StressOutcome> RetainAsync(CancellationToken cancellationToken)
    {
        RetainedContext context = await engine.RetainAsync(DrawPrompt(), cancellationToken);
        ledger.Track(context);
        _held.Enqueue(context);
        if (_held.Count > MaxHeld)
            _held.Dequeue().Dispose();
        return StressOutcome.Completed;
    }

    private async Task<StressOutcome> ChatAsync(TimeSpan? timeout, CancellationTokenSource cancellation)
    {
        if (_chat is null || _chat.Messages.Count > 4)
        {
            _chat?.Dispose();
            ledger.Track(_chat = engine.StartChat());
        }
        return await ReadAsync(_chat.SendAsync("river", DrawOptions(timeout) with { MaxTokens = 4 }, cancellation.Token), cancellation);
    }

    private Task<StressOutcome> GenerateAsync(TimeSpan? timeout, CancellationTokenSource cancellation)
    {
        GenerationOptions options = DrawOptions(timeout) with { Choices = _random.Next(5) == 0 ? _random.Next(2, 5) : 1 };
        return ReadAsync(engine.GenerateAsync(DrawPrompt(), options, cancellation.Token), cancellation);
    }

    private async Task<StressOutcome> ReadAsync(IAsyncEnumerable<CompletionUpdate> updates, CancellationTokenSource cancellation)
    {
        int left = _random.Next(1, 8);
        bool cancels = _random.Next(4) == 0, abandons = _random.Next(3) == 0;
        await foreach (CompletionUpdate _ in updates)
        {
            if (--left != 0)
                continue;
            if (cancels)
                await cancellation.CancelAsync();
            if (abandons)
                return StressOutcome.Abandoned;
        }
        return StressOutcome.Completed;
    }

    private GenerationOptions DrawOptions(TimeSpan? timeout)
    {
        var marker = new MarkerProcessor(failsAt: _random.Next(25) == 0 ? _random.Next(4) : -1);
        ledger.Track(marker);
        return new GenerationOptions
        {
            MaxTokens = _random.Next(12) == 0 ? 100 : _random.Next(1, 7), // the long ones run the cache full
            IgnoreEndTokens = true,
            Temperature = _random.Next(2),
            Seed = (ulong)_random.NextInt64(),
            Priority = _random.Next(-1, 2),
            Timeout = timeout,
            TopLogProbabilities = _random.Next(3) == 0 ? 1 : null,
            StopStrings = _random.Next(6) == 0 ? ["e"] : [],
            LogitProcessors = [marker],
        };
    }

    /// <summary>One of a few prefixes, which the cache may hold, and something of its own behind it.</summary>
    private int[] DrawPrompt()
    {
        int prefix = _random.Next(Prefixes), length = _random.Next(1, MaxPrompt), shared = _random.Next(length + 1);
        return [.. Enumerable.Range(0, length).Select(i => i < shared ? 100 * prefix + i : _random.Next(4000))];
    }

    /// <summary>Belongs to one request: as long as anything holds the request, it is alive. Some fail.</summary>
    private sealed class MarkerProcessor(int failsAt) : ILogitProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits)
        {
            if (tokens.Length - promptLength == failsAt)
                throw new NotSupportedException("This request fails by design.");
        }
    }
}
