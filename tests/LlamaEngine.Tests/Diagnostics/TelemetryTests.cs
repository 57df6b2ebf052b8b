using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using LlamaEngine.Tests.Engine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.Tests.Diagnostics;

/// <summary>What an engine tells those who watch it. Its own meter factory keeps other tests' engines out.</summary>
[Collection(nameof(TelemetryTests))]
[CollectionDefinition(nameof(TelemetryTests), DisableParallelization = true)]
public sealed class TelemetryTests : IDisposable
{
    private static readonly GenerationOptions s_options = new() { MaxTokens = 5, IgnoreEndTokens = true, Temperature = 0 };

    private readonly Watch _watch = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _watch.Dispose();

    [Fact]
    public async Task Measurements_equal_what_the_requests_took()
    {
        await using InferenceEngine engine = Create();
        Completion first = await engine.CompleteAsync("A camera is equipment for taking photographs of people.", s_options, Token);
        Completion second = await engine.CompleteAsync("A camera is equipment for taking photographs of people.", s_options, Token);
        PromptEmbedding embedding = await engine.EmbedAsync("A camera.", cancellationToken: Token);
        Assert.Equal(
            [first.Timings.Total.TotalSeconds, second.Timings.Total.TotalSeconds], _watch.Values("gen_ai.server.request.duration", "text_completion"));
        Assert.Single(_watch.Values("gen_ai.server.request.duration", "embeddings"));
        Assert.Equal(
            [.. new[] { first, second }.Select(c => (c.Timings.Queued + c.Timings.Prefill).TotalSeconds)], _watch.Values("gen_ai.server.time_to_first_token"));
        Assert.Equal([.. new[] { first, second }.Select(c => c.Timings.Decode.TotalSeconds / 4)], _watch.Values("gen_ai.server.time_per_output_token"));
        Assert.Equal(10, _watch.Values("llamaengine.tokens", "output").Sum());
        Assert.Equal(second.Usage.CachedTokens + embedding.Usage.CachedTokens, _watch.Values("llamaengine.tokens", "cached_input").Sum());
        Assert.Equal(engine.Statistics.Steps, _watch.Values("llamaengine.batch.size").Length);
        Assert.Equal(engine.Statistics.ComputedTokens, _watch.Values("llamaengine.batch.tokens").Sum());
    }

    [Fact]
    public async Task Gauges_show_the_statistics()
    {
        await using InferenceEngine engine = Create();
        await engine.CompleteAsync("A camera is equipment for taking photographs of people and things.", s_options, Token);
        using var retained = await engine.RetainAsync("A camera is equipment for taking photographs of people and things.", Token);
        _watch.Observe();
        EngineStatistics statistics = engine.Statistics;
        Assert.Equal(statistics.KvBlocks, _watch.Values("llamaengine.kv.blocks").Single());
        Assert.Equal(statistics.KvBlocksCached, _watch.Values("llamaengine.kv.blocks.cached").Single());
        Assert.Equal(1, _watch.Values("llamaengine.kv.blocks.retained").Single());
        Assert.Equal(0, _watch.Values("llamaengine.kv.blocks.used").Single());
        Assert.Equal(0, _watch.Values("llamaengine.requests.running").Single());
        Assert.Equal(0, _watch.Values("llamaengine.requests.waiting").Single());
        Assert.Equal(statistics.PrefixQueryTokens, _watch.Values("llamaengine.prefix.queried_tokens").Single());
        Assert.Equal(statistics.PrefixHitTokens, _watch.Values("llamaengine.prefix.hit_tokens").Single());
        Assert.Equal(statistics.Steps, _watch.Values("llamaengine.steps").Single());
        Assert.Equal(0, _watch.Values("llamaengine.preemptions").Single());
        Assert.Equal(0, _watch.Values("llamaengine.evictions").Single());
    }

    /// <summary>As hosts have it: the meters of their factory stay when engines go.</summary>
    [Fact]
    public async Task Engines_that_come_and_go_leave_no_instruments_and_count_on()
    {
        using var hosted = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = hosted.GetRequiredService<IMeterFactory>();
        int published = 0;
        Dictionary<string, long> seen = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (!ReferenceEquals(instrument.Meter.Scope, factory))
                    return;
                published++;
                listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => seen[instrument.Name] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => seen[instrument.Name] = value);
        listener.Start();
        int first = 0;
        long steps = 0, blocks = 0;
        for (int i = 0; i < 3; i++)
        {
            await using (InferenceEngine engine = InferenceEngine.Create(new EngineOptions { ModelPath = Lexicon.Model, MeterFactory = factory }))
            {
                await engine.CompleteAsync("A camera is", s_options, Token);
                first = i == 0 ? published : first;
                (steps, blocks) = (steps + engine.Statistics.Steps, engine.Statistics.KvBlocks);
                listener.RecordObservableInstruments();
                Assert.Equal((steps, blocks), (seen["llamaengine.steps"], seen["llamaengine.kv.blocks"]));
            }
            listener.RecordObservableInstruments();
            Assert.Equal((steps, 0), (seen["llamaengine.steps"], seen["llamaengine.kv.blocks"]));
        }
        Assert.Equal(first, published);
    }

    [Fact]
    public async Task Failures_carry_their_type()
    {
        await using InferenceEngine engine = Create();
        using var source = new CancellationTokenSource();
        await foreach (CompletionUpdate _ in engine.GenerateAsync("river", s_options with { MaxTokens = 400 }, Token))
            break;
        await Assert.ThrowsAsync<DeadlineExceededException>(() => engine.CompleteAsync("river", s_options with { Timeout = TimeSpan.FromTicks(1) }, Token));
        Assert.Equal(["System.OperationCanceledException", "LlamaEngine.DeadlineExceededException"], _watch.Tags("gen_ai.server.request.duration", "error.type"));
    }

    [Fact]
    public async Task An_activity_describes_its_request()
    {
        await using InferenceEngine engine = Create();
        var activities = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "LlamaEngine",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        Completion completion = await engine.CompleteAsync(Prompt.FromUser("What is a camera?"), cancellationToken: Token);
        await Assert.ThrowsAsync<DeadlineExceededException>(() => engine.EmbedAsync("a", new EmbeddingOptions { Timeout = TimeSpan.FromTicks(1) }, Token));
        Activity chat = Assert.Single(activities, activity => activity.DisplayName == $"chat {engine.Model.Name}");
        Assert.Equal("llamaengine", chat.GetTagItem("gen_ai.provider.name"));
        Assert.Equal(completion.Usage.PromptTokens, chat.GetTagItem("gen_ai.usage.input_tokens"));
        Assert.Equal(completion.Usage.CompletionTokens, chat.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.Equal(["stop"], Assert.IsType<string[]>(chat.GetTagItem("gen_ai.response.finish_reasons")));
        Activity failed = Assert.Single(activities, activity => activity.DisplayName.StartsWith("embeddings", StringComparison.Ordinal));
        Assert.Equal(ActivityStatusCode.Error, failed.Status);
        Assert.Equal("LlamaEngine.DeadlineExceededException", failed.GetTagItem("error.type"));
    }

    [Fact]
    public async Task Preemptions_are_warned_of_now_and_then()
    {
        using var log = new Messages();
        await using var engine = InferenceEngine.Create(new EngineOptions { ModelPath = Lexicon.Model, KvCacheTokens = 96, LoggerFactory = log });
        GenerationOptions options = s_options with { MaxTokens = 70 };
        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => engine.CompleteAsync($"word{i}", options, Token)));
        long preemptions = engine.Statistics.Preemptions;
        Assert.True(preemptions > 1);
        Assert.Equal(1 + (int)Math.Log2(preemptions), log.Warnings.Count(warning => warning.Contains("KvCacheTokens", StringComparison.Ordinal)));
    }

    private InferenceEngine Create() => InferenceEngine.Create(new EngineOptions { ModelPath = Lexicon.Model, MeterFactory = _watch });

    /// <summary>Makes the engine's meter and collects what it measures.</summary>
    private sealed class Watch : IMeterFactory
    {
        private readonly ConcurrentQueue<(string Name, double Value, KeyValuePair<string, object?>[] Tags)> _measurements = new();
        private readonly List<Meter> _meters = [];
        private readonly MeterListener _listener = new();

        public Watch()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (_meters.Contains(instrument.Meter))
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
            _listener.Start();
        }

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Observe() => _listener.RecordObservableInstruments();

        public double[] Values(string name, string? tag = null) =>
            [.. _measurements.Where(m => m.Name == name && (tag is null || m.Tags.Any(t => tag.Equals(t.Value)))).Select(m => m.Value)];

        public string[] Tags(string name, string tag) =>
            [.. _measurements.Where(m => m.Name == name).Select(m => (string)m.Tags.First(t => t.Key == tag).Value!)];

        public void Dispose() => _listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            _measurements.Enqueue((instrument.Name, value, tags.ToArray()));
    }

    private sealed class Messages : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<string> Warnings { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning)
                Warnings.Enqueue(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
