using System.Diagnostics.Metrics;
using LlamaEngine.AspNetCore.Metrics;

namespace LlamaEngine.AspNetCore.Tests.Metrics;

/// <summary>What meters measure, as Prometheus reads it.</summary>
public sealed class MetricsTests : IDisposable
{
    private readonly string _name = $"test-{Guid.NewGuid():N}";
    private readonly MetricsCollector _collector;

    public MetricsTests() => _collector = new MetricsCollector([_name], null);

    private string Text => PrometheusText.Write(_collector.Collect());

    [Fact]
    public void Counters_histograms_and_gauges_have_their_form()
    {
        using var meter = new Meter(new MeterOptions(_name) { Tags = [new("model", "a\"b\\c\nd")] });
        Counter<long> tokens = meter.CreateCounter<long>("llama.tokens", "{token}", "Tokens\nof requests.");
        tokens.Add(2, new KeyValuePair<string, object?>("type", "in"));
        tokens.Add(3, new KeyValuePair<string, object?>("type", "in"));
        tokens.Add(1, new KeyValuePair<string, object?>("type", "out"));
        Histogram<double> time = meter.CreateHistogram("llama.time", "s", null, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.5, 1] });
        foreach (double value in (double[])[0.25, 0.5, 0.75, 2])
            time.Record(value);
        meter.CreateObservableGauge("llama.running", () => 7, "{request}");
        meter.CreateUpDownCounter<int>("llama.bytes", "By").Add(-4);
        const string Model = """model="a\"b\\c\nd" """;
        string model = Model.TrimEnd();
        Assert.Equal(
            $$"""
            # TYPE llama_bytes gauge
            llama_bytes{{{model}}} -4
            # TYPE llama_running gauge
            llama_running{{{model}}} 7
            # TYPE llama_time_seconds histogram
            llama_time_seconds_bucket{{{model}},le="0.5"} 2
            llama_time_seconds_bucket{{{model}},le="1"} 3
            llama_time_seconds_bucket{{{model}},le="+Inf"} 4
            llama_time_seconds_sum{{{model}}} 3.5
            llama_time_seconds_count{{{model}}} 4
            # HELP llama_tokens_total Tokens\nof requests.
            # TYPE llama_tokens_total counter
            llama_tokens_total{{{model}},type="in"} 5
            llama_tokens_total{{{model}},type="out"} 1

            """,
            Text);
    }

    [Fact]
    public void What_is_observed_goes_with_its_meter_and_what_was_counted_stays()
    {
        using (var meter = new Meter(_name))
        {
            meter.CreateCounter<int>("counted").Add(1);
            meter.CreateObservableCounter("observed", () => 5);
            Assert.Contains("observed_total 5\n", Text, StringComparison.Ordinal);
            Assert.Contains("observed_total 5\n", Text, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("observed", Text, StringComparison.Ordinal);
        using var again = new Meter(_name);
        again.CreateCounter<int>("counted").Add(1);
        Assert.Contains("counted_total 2\n", Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Meters_of_equal_names_are_one_family()
    {
        using var first = new Meter(new MeterOptions(_name) { Tags = [new("model", "a")] });
        using var second = new Meter(new MeterOptions(_name) { Tags = [new("model", "b")] });
        using var third = new Meter(new MeterOptions(_name) { Tags = [new("model", "b")] });
        foreach (Meter meter in (Meter[])[first, second, third])
            meter.CreateObservableGauge("running", () => 2);
        Assert.Equal("# TYPE running gauge\nrunning{model=\"a\"} 2\nrunning{model=\"b\"} 4\n", Text);
    }

    [Fact]
    public void Endlessly_many_tags_share_one_series()
    {
        using var meter = new Meter(_name);
        Counter<int> counter = meter.CreateCounter<int>("requests");
        for (int i = 0; i < 3 * MetricFamily.MostSeries; i++)
            counter.Add(1, new KeyValuePair<string, object?>("path", i));
        string[] lines = Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(MetricFamily.MostSeries + 1, lines.Length);
        Assert.Contains($"requests_total{{otel_metric_overflow=\"true\"}} {2 * MetricFamily.MostSeries + 1}", lines);
    }

    [Fact]
    public async Task Nothing_is_lost_when_many_record()
    {
        using var meter = new Meter(_name);
        Histogram<int> sizes = meter.CreateHistogram<int>("sizes");
        await Parallel.ForAsync(0, 8, (thread, _) =>
        {
            for (int i = 0; i < 1000; i++)
                sizes.Record(i, new KeyValuePair<string, object?>("thread", (thread + i) % 50));
            return ValueTask.CompletedTask;
        });
        IEnumerable<string> counts = Text.Split('\n').Where(line => line.StartsWith("sizes_count", StringComparison.Ordinal));
        Assert.Equal(8000, counts.Sum(line => int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void Recording_takes_no_memory()
    {
        using var meter = new Meter(_name);
        Histogram<int> sizes = meter.CreateHistogram<int>("sizes");
        sizes.Record(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
            sizes.Record(i);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    public void Dispose() => _collector.Dispose();
}
