using System.Globalization;
using System.Text;

namespace LlamaEngine.AspNetCore.Metrics;

/// <summary>Metrics in Prometheus' text format, version 0.0.4, with the names that OpenTelemetry's mapping gives them.</summary>
internal static class PrometheusText
{
    /// <summary>The format's media type.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Writes families, in the order given.</summary>
    public static string Write(IEnumerable<MetricFamily> families)
    {
        var text = new StringBuilder();
        foreach (MetricFamily family in families)
            Write(text, family);
        return text.ToString();
    }

    /// <summary>The name of a family: letters, digits and underscores, then its unit, then "total" for what only grows.</summary>
    public static string NameOf(MetricFamily family)
    {
        string name = Sanitize(family.Name), unit = UnitOf(family.Unit);
        if (unit.Length > 0 && !name.EndsWith("_" + unit, StringComparison.Ordinal))
            name += "_" + unit;
        return family.Kind == MetricKind.Counter && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    private static void Write(StringBuilder text, MetricFamily family)
    {
        string name = NameOf(family);
        bool started = false;
        foreach (MetricSeries series in family.Series)
        {
            if (series.Read() is not { } value)
                continue;
            if (!started)
                WriteHead(text, family, name);
            started = true;
            string labels = Labels(series.Tags);
            if (family.Kind == MetricKind.Histogram)
                WriteHistogram(text, name, labels, family.Bounds, value.Sum, value.Counts);
            else
                WriteSample(text, name, labels, value.Sum);
        }
    }

    private static void WriteHead(StringBuilder text, MetricFamily family, string name)
    {
        if (!string.IsNullOrEmpty(family.Description))
            text.Append("# HELP ").Append(name).Append(' ').Append(family.Description.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal)).Append('\n');
        string type = family.Kind switch { MetricKind.Counter => "counter", MetricKind.Histogram => "histogram", _ => "gauge" };
        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    private static void WriteHistogram(StringBuilder text, string name, string labels, double[] bounds, double sum, long[] counts)
    {
        long total = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            string bound = $"le=\"{(i < bounds.Length ? Number(bounds[i]) : "+Inf")}\"";
            WriteSample(text, name + "_bucket", labels.Length == 0 ? bound : labels + "," + bound, total);
        }
        WriteSample(text, name + "_sum", labels, sum);
        WriteSample(text, name + "_count", labels, total);
    }

    private static void WriteSample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0)
            text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Labels(IEnumerable<KeyValuePair<string, object?>> tags) => string.Join(',', tags
        .Where(tag => tag.Value is not null)
        .OrderBy(tag => tag.Key, StringComparer.Ordinal)
        .Select(tag => $"{Sanitize(tag.Key)}=\"{Escape(TextOf(tag.Value!))}\""));

    private static string TextOf(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string Escape(string value) => value
        .Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string Sanitize(string name)
    {
        var text = new StringBuilder(name.Length + 1);
        foreach (char character in name)
            text.Append(char.IsAsciiLetterOrDigit(character) || character == '_' ? character : '_');
        return text.Length > 0 && char.IsAsciiDigit(text[0]) ? "_" + text : text.ToString();
    }

    // What stands in braces says what is counted, and is no unit.
    private static string UnitOf(string? unit) => unit switch
    {
        null or "" or "1" => "",
        "s" => "seconds",
        "ms" => "milliseconds",
        "By" => "bytes",
        _ when unit[0] == '{' => "",
        _ => Sanitize(unit),
    };
}
