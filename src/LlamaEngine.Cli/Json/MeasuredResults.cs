namespace LlamaEngine.Cli.Json;

/// <summary>What <c>perplexity --json</c> prints.</summary>
/// <param name="Perplexity">exp of the mean negative log likelihood.</param>
/// <param name="Chunks">Chunks of the text.</param>
/// <param name="Tokens">Tokens scored in them.</param>
internal sealed record PerplexityResult(double Perplexity, int Chunks, int Tokens);

/// <summary>What <c>bench --json</c> prints.</summary>
internal sealed record BenchResult(
    Spread PrefillTokensPerSecond, Spread DecodeTokensPerSecond, double LoadSeconds, int Threads, string Device, long WeightBytes);

/// <summary>Median, least and greatest of repeated measurements.</summary>
internal sealed record Spread(double Median, double Min, double Max)
{
    /// <summary>The spread of at least one value.</summary>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        double median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1]);
    }
}
