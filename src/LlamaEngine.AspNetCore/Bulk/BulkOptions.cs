namespace LlamaEngine.AspNetCore.Bulk;

/// <summary>How bulk work is stored and run.</summary>
internal sealed record BulkOptions
{
    /// <summary>Most requests, and most batches, that may run at once.</summary>
    public const int MostAtOnce = 4096;

    private const int MostItems = 1_000_000;

    /// <summary>
    /// Where files and batches are kept. Null: they are refused, since work that is gone after a restart would break the promise
    /// of the API; /v1/bulk works all the same.
    /// </summary>
    public string? DataFolder { get; init; }

    /// <summary>Most requests of batches that run at once, 1 … 4,096; enough to fill the engine's batch. Each /v1/bulk has as many of its own.</summary>
    public int Concurrency { get; init; } = 64;

    /// <summary>Most batches that run at once, 1 … 4,096; they share the places, and later ones wait.</summary>
    public int MaxActiveBatches { get; init; } = 4;

    /// <summary>Most bytes of an uploaded file.</summary>
    public long MaxFileBytes { get; init; } = 200L << 20;

    /// <summary>Most requests of a batch, 1 … 1,000,000.</summary>
    public int MaxBatchRequests { get; init; } = 50_000;

    /// <summary>Most bytes of one request of a batch, up to 1 GiB.</summary>
    public int MaxLineBytes { get; init; } = 16 << 20;

    /// <summary>Most requests of a /v1/bulk, 1 … 1,000,000.</summary>
    public int MaxBulkItems { get; init; } = 2048;

    /// <summary>Most bytes of the body of a /v1/bulk, up to 1 GiB; never less than any other body may have.</summary>
    public int MaxBulkBytes { get; init; } = 64 << 20;

    /// <summary>Refuses options out of their range.</summary>
    public void Validate()
    {
        Check(Concurrency, MostAtOnce, nameof(Concurrency));
        Check(MaxActiveBatches, MostAtOnce, nameof(MaxActiveBatches));
        Check(MaxBatchRequests, MostItems, nameof(MaxBatchRequests));
        Check(MaxBulkItems, MostItems, nameof(MaxBulkItems));
        Check(MaxLineBytes, 1 << 30, nameof(MaxLineBytes));
        Check(MaxBulkBytes, 1 << 30, nameof(MaxBulkBytes));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxFileBytes, 1, nameof(MaxFileBytes));
    }

    private static void Check(int value, int most, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(value, 1, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value, most, name);
    }
}
