namespace LlamaEngine.Contexts;

/// <summary>What a pool has done since it was created: numbers of one moment.</summary>
/// <remarks>
/// Every rental that succeeded is either the first of those that waited for a load, or a hit. A load whose callers have all given
/// up counts if it came to its end.
/// </remarks>
public readonly record struct ContextPoolStatistics
{
    /// <summary>Engines loaded.</summary>
    public long Loads { get; init; }

    /// <summary>Rentals that found their engine loaded, or being loaded for another.</summary>
    public long Hits { get; init; }

    /// <summary>Engines unloaded to make room for others.</summary>
    public long Evictions { get; init; }

    /// <summary>Bytes that engines take by their plans, those being loaded and unloaded included; on each device never more than its budget.</summary>
    public long LoadedBytes { get; init; }

    /// <summary>Seconds that hits saved: each the time its engine took to load.</summary>
    public double SecondsSaved { get; init; }

    /// <summary>Bytes that hits saved: each the weights of its engine.</summary>
    public long BytesSaved { get; init; }
}
