using System.Globalization;
using LlamaEngine.Cli.Json;

namespace LlamaEngine.Cli.Serving;

/// <summary>The runs of a load test as a table for people.</summary>
internal static class ServingTable
{
    private const int Width = 10, TimesWidth = 30;

    /// <summary>Writes the table.</summary>
    public static void Write(TextWriter output, ServingResult result)
    {
        bool verified = result.Runs.Any(run => run.Mismatches is not null), cancelled = result.Runs.Any(run => run.Cancelled > 0);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {result.Model} on {result.Device} ({result.Processor}){(result.KvTokens is { } positions ? $", {positions} positions of KV cache" : "")}
            prompts of {result.Prompt} tokens, {result.SharedPrefix} of them shared, {result.Gen} to generate, arrivals {result.Arrival}; times in ms: p50 / p95 / p99
            """));
        output.WriteLine(Line("users", "requests", "tokens/s", "first token", "per token", "latency", "hits", "preempted")
            + (cancelled ? Cell("cancelled") : "") + (verified ? Cell("mismatch") : ""));
        foreach (ServingRun run in result.Runs)
        {
            output.WriteLine(
                Line(Text(run.Users), Text(run.Requests), Text(run.ThroughputTokensPerSecond, "F1"), Times(run.TtftMs),
                    Times(run.TimePerOutputTokenMs), Times(run.LatencyMs), Text(run.PrefixHitTokens), Text(run.Preemptions))
                + (cancelled ? Cell(Text(run.Cancelled)) : "") + (verified ? Cell(Text(run.Mismatches)) : ""));
        }
    }

    private static string Line(
        string users, string requests, string throughput, string first, string each, string latency, string hits, string preempted) =>
        users.PadLeft(5) + Cell(requests) + Cell(throughput) + first.PadLeft(TimesWidth) + each.PadLeft(TimesWidth)
        + latency.PadLeft(TimesWidth) + Cell(hits) + Cell(preempted);

    private static string Cell(string text) => text.PadLeft(Width);

    private static string Times(Percentiles times) => $"{Text(times.P50, "F1")} / {Text(times.P95, "F1")} / {Text(times.P99, "F1")}";

    private static string Text(IFormattable? value, string? format = null) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
