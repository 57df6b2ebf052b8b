namespace LlamaEngine.Fuzz;

/// <summary>What an input may cost.</summary>
internal sealed record FuzzLimits
{
    /// <summary>Time for one input. A slow one is tried twice more, since a collection of garbage may have been in the way.</summary>
    public TimeSpan Slow { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After this the input counts as an endless loop, and the target is given up.</summary>
    public TimeSpan Hang { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Watch the growth of memory; pointless where others work in the same process.</summary>
    public bool WatchMemory { get; init; } = true;

    /// <summary>Growth of the managed heap from the end of the warm-up to the end of the run.</summary>
    public long HeapGrowth { get; init; } = 16L << 20;

    /// <summary>Growth of the process (resident set) over the same time.</summary>
    public long ResidentGrowth { get; init; } = 192L << 20;
}
