using System.Diagnostics.Metrics;

namespace LlamaEngine.AspNetCore.Metrics;

/// <summary>How measurements add up.</summary>
internal enum MetricKind
{
    /// <summary>The last value counts.</summary>
    Gauge,

    /// <summary>The sum counts, and only grows.</summary>
    Counter,

    /// <summary>The sum counts, and may fall.</summary>
    Sum,

    /// <summary>Values are counted by size.</summary>
    Histogram,
}

/// <summary>Kinds of instruments.</summary>
internal static class MetricKinds
{
    /// <summary>The kind of an instrument, by its generic type.</summary>
    public static MetricKind Of(Instrument instrument)
    {
        Type type = instrument.GetType().GetGenericTypeDefinition();
        if (type == typeof(Counter<>) || type == typeof(ObservableCounter<>))
            return MetricKind.Counter;
        if (type == typeof(Histogram<>))
            return MetricKind.Histogram;
        return type == typeof(UpDownCounter<>) || type == typeof(ObservableUpDownCounter<>) ? MetricKind.Sum : MetricKind.Gauge;
    }
}
