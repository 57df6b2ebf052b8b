using System.Diagnostics.Metrics;
using LlamaEngine.Diagnostics;

namespace LlamaEngine.Contexts;

/// <summary>A pool's statistics as instruments of the meter "LlamaEngine", which has the pool's name as a tag.</summary>
/// <remarks>They are observed: whoever collects them reads <see cref="ContextPool.Statistics"/>, and nobody pays otherwise.</remarks>
internal sealed class ContextPoolMeter : IDisposable
{
    private const string Prefix = "llamaengine.context_pool.";

    private readonly Meter _meter;
    private readonly Func<ContextPoolStatistics> _read;

    /// <summary>Creates the instruments.</summary>
    /// <param name="factory">Makes the meter; null: it is made here.</param>
    /// <param name="pool">The pool's name.</param>
    /// <param name="read">Gives the statistics.</param>
    public ContextPoolMeter(IMeterFactory? factory, string pool, Func<ContextPoolStatistics> read)
    {
        _read = read;
        var options = new MeterOptions(EngineMeter.Name) { Tags = [new(Prefix + "name", pool)] };
        _meter = factory?.Create(options) ?? new Meter(options);
        Count("loads", statistics => statistics.Loads, "{load}", "Engines loaded.");
        Count("hits", statistics => statistics.Hits, "{rental}", "Rentals that found their engine loaded, or being loaded.");
        Count("evictions", statistics => statistics.Evictions, "{eviction}", "Engines unloaded to make room.");
        Count("seconds_saved", statistics => statistics.SecondsSaved, "s", "Time to load that hits saved.");
        Count("bytes_saved", statistics => statistics.BytesSaved, "By", "Bytes of weights that hits saved loading.");
        _meter.CreateObservableUpDownCounter(
            Prefix + "loaded_bytes", () => _read().LoadedBytes, "By", "Bytes that engines take by their plans.");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private void Count<T>(string name, Func<ContextPoolStatistics, T> get, string unit, string description) where T : struct =>
        _meter.CreateObservableCounter(Prefix + name, () => get(_read()), unit, description);
}
