using System.Diagnostics;
using System.Diagnostics.Metrics;
using LlamaEngine.Scheduling;

namespace LlamaEngine.Diagnostics;

/// <summary>The instruments of one engine, in the meter "LlamaEngine".</summary>
/// <remarks>
/// gen_ai.server.* as OpenTelemetry's semantic conventions for generative AI name them, with their units; llamaengine.* for what they have no
/// name for. Recording allocates nothing where nobody listens. Thread-safe.
/// </remarks>
internal sealed class EngineMeter : IDisposable
{
    /// <summary>Name of the meter and of the activity source.</summary>
    public const string Name = "LlamaEngine";

    private static readonly InstrumentAdvice<double> s_seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
    };

    private readonly Meter _meter;
    private readonly Histogram<double> _duration, _firstToken, _perToken, _queued;
    private readonly Histogram<int> _batchTokens, _batchSequences;
    private readonly Counter<long> _tokens;
    private readonly EngineObservations _observations;
    private readonly EngineCounters _counters;
    private readonly string _model;

    /// <summary>Creates the instruments.</summary>
    /// <param name="factory">Makes the meter; null: it is made here.</param>
    /// <param name="model">The model's name, a tag of all measurements.</param>
    /// <param name="counters">What is observed.</param>
    public EngineMeter(IMeterFactory? factory, string model, EngineCounters counters)
    {
        _model = model;
        var options = new MeterOptions(Name) { Tags = [new("gen_ai.request.model", model)] };
        _meter = factory?.Create(options) ?? new Meter(options);
        _duration = Seconds("gen_ai.server.request.duration", "From the call to the last token.");
        _firstToken = Seconds("gen_ai.server.time_to_first_token", "From the call to the first token.");
        _perToken = Seconds("gen_ai.server.time_per_output_token", "Mean time of the tokens after the first.");
        _queued = Seconds("llamaengine.queue.duration", "From the call to the start of the prefill.");
        _tokens = _meter.CreateCounter<long>("llamaengine.tokens", "{token}", "Tokens of ended requests, by gen_ai.token.type.");
        _batchTokens = _meter.CreateHistogram<int>("llamaengine.batch.tokens", "{token}", "Tokens computed in one step.");
        _batchSequences = _meter.CreateHistogram<int>("llamaengine.batch.size", "{request}", "Requests in one step.");
        _counters = counters;
        _observations = EngineObservations.Of(_meter);
        _observations.Add(counters);
    }

    /// <summary>Records a step.</summary>
    public void RecordStep(int tokens, int sequences)
    {
        _batchTokens.Record(tokens);
        _batchSequences.Record(sequences);
    }

    /// <summary>Records a request that has ended.</summary>
    /// <param name="operation">gen_ai.operation.name.</param>
    /// <param name="error">Null where it ended well.</param>
    public void RecordRequest(string operation, TokenUsage usage, CompletionTimings timings, Exception? error)
    {
        TagList tags = new()
        {
            { "gen_ai.operation.name", operation },
            { "gen_ai.provider.name", Telemetry.Provider },
            { "gen_ai.request.model", _model },
        };
        if (error is not null)
            tags.Add("error.type", error.GetType().FullName);
        _duration.Record(timings.Total.TotalSeconds, tags);
        _queued.Record(timings.Queued.TotalSeconds, tags);
        if (usage.CompletionTokens > 0)
            _firstToken.Record((timings.Queued + timings.Prefill).TotalSeconds, tags);
        if (usage.CompletionTokens > 1)
            _perToken.Record(timings.Decode.TotalSeconds / (usage.CompletionTokens - 1), tags);
        Count(usage.PromptTokens - usage.CachedTokens, "input");
        Count(usage.CachedTokens, "cached_input");
        Count(usage.CompletionTokens, "output");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _observations.Remove(_counters);
        _meter.Dispose();
    }

    private void Count(int tokens, string type) => _tokens.Add(tokens, new KeyValuePair<string, object?>("gen_ai.token.type", type));

    private Histogram<double> Seconds(string name, string description) =>
        _meter.CreateHistogram(name, "s", description, null, s_seconds);
}
