using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace LlamaEngine.AspNetCore.Metrics;

/// <summary>All that instruments of one name measure: one series for each combination of tags.</summary>
/// <param name="instrument">The first of them, which gives unit, description and bounds.</param>
internal sealed class MetricFamily(Instrument instrument)
{
    /// <summary>Series that a family has at most: a tag with endlessly many values must not fill the memory.</summary>
    public const int MostSeries = 1000;

    // What OpenTelemetry takes where an instrument advises nothing.
    private static readonly double[] s_bounds = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000];

    // OpenTelemetry's name for what is over the limit.
    private static readonly KeyValuePair<string, object?>[] s_overflow = [new("otel.metric.overflow", true)];

    private ImmutableArray<MetricSeries> _series = [];

    /// <summary>The instruments' name.</summary>
    public string Name { get; } = instrument.Name;

    /// <summary>Their unit, in UCUM's notation; null: none.</summary>
    public string? Unit { get; } = instrument.Unit;

    /// <summary>What they measure.</summary>
    public string? Description { get; } = instrument.Description;

    /// <summary>How measurements add up.</summary>
    public MetricKind Kind { get; } = MetricKinds.Of(instrument);

    /// <summary>Upper bounds of a histogram's buckets, ascending; empty for the others.</summary>
    public double[] Bounds { get; } = MetricKinds.Of(instrument) == MetricKind.Histogram ? BoundsOf(instrument) : [];

    /// <summary>The series by now.</summary>
    public ImmutableArray<MetricSeries> Series => _series;

    /// <summary>The series of these tags; a new one if there is none.</summary>
    /// <param name="meterTags">The meter's own.</param>
    /// <param name="tags">The measurement's.</param>
    public MetricSeries Find(ReadOnlySpan<KeyValuePair<string, object?>> meterTags, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        while (true)
        {
            ImmutableArray<MetricSeries> series = _series;
            foreach (MetricSeries known in series)
            {
                if (known.Has(meterTags, tags))
                    return known;
            }
            // The last place is for all that have none.
            if (series.Length == MostSeries)
                return series[^1];
            MetricSeries added = series.Length == MostSeries - 1 ? new([], s_overflow, Bounds) : new(meterTags, tags, Bounds);
            if (ImmutableInterlocked.InterlockedCompareExchange(ref _series, series.Add(added), series) == series)
                return added;
        }
    }

    /// <summary>Forgets what was only observed, before it is observed again.</summary>
    public void BeginObservation()
    {
        foreach (MetricSeries series in _series)
            series.ForgetObserved();
    }

    private static double[] BoundsOf(Instrument instrument)
    {
        IEnumerable<double>? advised = instrument switch
        {
            Histogram<double> histogram => histogram.Advice?.HistogramBucketBoundaries,
            Histogram<int> histogram => histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound),
            Histogram<long> histogram => histogram.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound),
            _ => null,
        };
        return advised is null ? s_bounds : [.. advised];
    }
}
