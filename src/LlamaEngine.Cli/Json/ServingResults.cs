using System.Text.Json.Serialization;

namespace LlamaEngine.Cli.Json;

/// <summary>What <c>bench-serving --json</c> prints.</summary>
internal sealed record ServingResult
{
    public required string Model { get; init; }

    public required string Device { get; init; }

    public required string Processor { get; init; }

    /// <summary>Positions that the KV cache holds; null: a server does not tell.</summary>
    public required long? KvTokens { get; init; }

    /// <summary>Tokens of a prompt.</summary>
    public required string Prompt { get; init; }

    /// <summary>Tokens to generate.</summary>
    public required string Gen { get; init; }

    public required int SharedPrefix { get; init; }

    public required string Arrival { get; init; }

    /// <summary>Of every second request; the others are greedy.</summary>
    public required float Temperature { get; init; }

    public required int Seed { get; init; }

    /// <summary>One for every number of users.</summary>
    public required IReadOnlyList<ServingRun> Runs { get; init; }
}

/// <summary>One run of <c>bench-serving</c>.</summary>
internal sealed record ServingRun
{
    /// <summary>Most requests at a time.</summary>
    public int Users { get; init; }

    /// <summary>Requests in all.</summary>
    public int Requests { get; init; }

    /// <summary>Tokens that callers got, over wall time.</summary>
    public double ThroughputTokensPerSecond { get; init; }

    /// <summary>From a request's arrival to its first token.</summary>
    public Percentiles TtftMs { get; init; } = Percentiles.None;

    /// <summary>A request's mean time from one token to the next.</summary>
    public Percentiles TimePerOutputTokenMs { get; init; } = Percentiles.None;

    /// <summary>From a request's arrival to its last token.</summary>
    public Percentiles LatencyMs { get; init; } = Percentiles.None;

    /// <summary>Tokens of prompts that were found in the cache.</summary>
    public long PrefixHitTokens { get; init; }

    /// <summary>How often a request lost its blocks to an earlier one.</summary>
    public long Preemptions { get; init; }

    /// <summary>Requests whose tokens or log probabilities differ from the same request run alone; null: not asked for.</summary>
    public int? Mismatches { get; init; }

    /// <summary>Requests whose callers gave up.</summary>
    public int Cancelled { get; init; }

    /// <summary>Those of them that were in the queue or in prefill.</summary>
    public int CancelledBeforeFirstToken { get; init; }

    public double WallSeconds { get; init; }

    public long PromptTokens { get; init; }

    public long GeneratedTokens { get; init; }

    /// <summary>Most positions of the KV cache seen in use.</summary>
    public long PeakKvTokens { get; init; }
}

/// <summary>Percentiles of times in milliseconds; null where nothing was measured.</summary>
internal sealed record Percentiles(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? P50,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? P95,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? P99)
{
    /// <summary>Those of no times.</summary>
    public static Percentiles None { get; } = new(null, null, null);

    /// <summary>
    /// The percentiles of any times. Between two of them they are interpolated (rank p · (n − 1), as NumPy and the serving
    /// benchmark of vLLM do), so that figures can be set side by side.
    /// </summary>
    public static Percentiles Of(IEnumerable<TimeSpan> times)
    {
        double[] sorted = [.. times.Select(time => time.TotalMilliseconds).Order()];
        return sorted.Length == 0 ? None : new Percentiles(At(sorted, 0.50), At(sorted, 0.95), At(sorted, 0.99));
    }

    private static double At(double[] sorted, double fraction)
    {
        double rank = fraction * (sorted.Length - 1);
        int below = (int)rank, above = Math.Min(below + 1, sorted.Length - 1);
        return sorted[below] + (rank - below) * (sorted[above] - sorted[below]);
    }
}
