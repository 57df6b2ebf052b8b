using System.Globalization;
using System.Text;
using System.Xml;
using LlamaEngine.Cli.Json;

namespace LlamaEngine.Cli.Serving;

/// <summary>Draws the runs of a load test as SVG: throughput, time to first token and time per output token over the number of users.</summary>
internal static class ServingPlot
{
    private const int Width = 720, Header = 56, PanelHeight = 210;

    /// <summary>Writes the picture.</summary>
    public static void Write(Stream stream, ServingResult result)
    {
        using XmlWriter xml = XmlWriter.Create(stream, new XmlWriterSettings { Indent = true, Encoding = new UTF8Encoding(false) });
        int[] users = [.. result.Runs.Select(run => run.Users)];
        PlotPanel[] panels =
        [
            new("Throughput", "tokens/s", users, [Series("all users", run => run.ThroughputTokensPerSecond)]),
            new("Time to first token", "ms", users, [Series("p50", run => run.TtftMs.P50), Series("p95", run => run.TtftMs.P95)]),
            new(
                "Time per output token",
                "ms",
                users,
                [Series("p50", run => run.TimePerOutputTokenMs.P50), Series("p95", run => run.TimePerOutputTokenMs.P95)]),
        ];
        int height = Header + panels.Length * PanelHeight;
        xml.WriteStartElement("svg", "http://www.w3.org/2000/svg");
        xml.WriteAttributeString("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {Width} {height}"));
        xml.WriteAttributeString("width", Width.ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("height", height.ToString(CultureInfo.InvariantCulture));
        xml.WriteAttributeString("font-family", "sans-serif");
        xml.WriteAttributeString("font-size", "12");
        SvgShapes svg = new(xml);
        svg.Rectangle(0, 0, Width, height, "white");
        svg.Text(Width / 2, 22, $"{result.Model}, {result.Device}, {result.Processor}", "middle", size: 15);
        svg.Text(
            Width / 2, 42, $"prompts of {result.Prompt} tokens ({result.SharedPrefix} shared), {result.Gen} generated, arrivals {result.Arrival}", "middle");
        for (int i = 0; i < panels.Length; i++)
            panels[i].Draw(svg, Width, Header + i * PanelHeight, PanelHeight);
        xml.WriteEndElement();

        PlotSeries Series(string name, Func<ServingRun, double?> value) => new(name, [.. result.Runs.Select(value)]);
    }
}
