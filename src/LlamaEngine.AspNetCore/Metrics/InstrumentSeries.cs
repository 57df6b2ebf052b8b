using System.Diagnostics.Metrics;

namespace LlamaEngine.AspNetCore.Metrics;

/// <summary>What one instrument records goes into its family's series.</summary>
internal sealed class InstrumentSeries(MetricFamily family, Instrument instrument)
{
    private readonly KeyValuePair<string, object?>[] _meterTags = [.. instrument.Meter.Tags ?? []];
    private readonly bool _observed = instrument.IsObservable;

    /// <summary>Takes a measurement.</summary>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        MetricSeries series = family.Find(_meterTags, tags);
        if (_observed)
            series.Observe(value);
        else if (family.Kind == MetricKind.Gauge)
            series.Set(value);
        else
            series.Add(value);
    }
}
