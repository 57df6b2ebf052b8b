using System.Collections.Immutable;
using System.Diagnostics.Metrics;

namespace LlamaEngine.AspNetCore.Metrics;

/// <summary>Listens to meters and keeps what they measure, summed up, until somebody asks.</summary>
/// <remarks>
/// Thread-safe. Recording takes no memory once a series exists. What a meter measured stays when it goes (an engine that is unloaded); what was only
/// observed goes with it.
/// </remarks>
internal sealed class MetricsCollector : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly Lock _lock = new();
    private readonly ImmutableArray<string> _meters;
    private readonly IMeterFactory? _factory;
    private ImmutableDictionary<string, MetricFamily> _families = ImmutableDictionary.Create<string, MetricFamily>(StringComparer.Ordinal);

    /// <summary>Starts to listen.</summary>
    /// <param name="meters">Names of the meters.</param>
    /// <param name="factory">Whose meters count, besides those that no factory made: another host's in this process do not.</param>
    public MetricsCollector(ImmutableArray<string> meters, IMeterFactory? factory)
    {
        _meters = meters;
        _factory = factory;
        _listener.InstrumentPublished = Publish;
        Listen<byte>(static value => value);
        Listen<short>(static value => value);
        Listen<int>(static value => value);
        Listen<long>(static value => value);
        Listen<float>(static value => value);
        Listen<double>(static value => value);
        Listen<decimal>(static value => (double)value);
        _listener.Start();
    }

    /// <summary>Reads what is observed, and gives everything, by name.</summary>
    public ImmutableArray<MetricFamily> Collect()
    {
        // One reader at a time: observed values are added up anew.
        lock (_lock)
        {
            foreach (MetricFamily family in _families.Values)
                family.BeginObservation();
            _listener.RecordObservableInstruments();
            return [.. _families.Values.OrderBy(family => family.Name, StringComparer.Ordinal)];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private void Publish(Instrument instrument, MeterListener listener)
    {
        object? scope = instrument.Meter.Scope;
        if (!_meters.Contains(instrument.Meter.Name) || (scope is not null && !ReferenceEquals(scope, _factory)))
            return;
        MetricFamily family = ImmutableInterlocked.GetOrAdd(ref _families, instrument.Name, static (_, first) => new MetricFamily(first), instrument);
        if (family.Kind == MetricKinds.Of(instrument))
            listener.EnableMeasurementEvents(instrument, new InstrumentSeries(family, instrument));
    }

    private void Listen<T>(Func<T, double> convert) where T : struct =>
        _listener.SetMeasurementEventCallback<T>((_, value, tags, state) => (state as InstrumentSeries)?.Record(convert(value), tags));
}
