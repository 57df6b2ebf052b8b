namespace LlamaEngine.Devices;

/// <summary>Processors that may be used, and what keeps it from being more.</summary>
/// <param name="Count">At least 1.</param>
/// <param name="Limit">The tightest limit.</param>
internal readonly record struct AvailableProcessors(int Count, ProcessorLimit Limit)
{
    /// <summary>The same under one more limit; null: it limits nothing.</summary>
    public AvailableProcessors AtMost(long? count, ProcessorLimit limit) =>
        count < Count ? new AvailableProcessors((int)Math.Max(1, count.Value), limit) : this;
}

/// <summary>Who limits processors.</summary>
internal enum ProcessorLimit
{
    /// <summary>The affinity mask, which has all of the machine's where nobody set it.</summary>
    Affinity,

    /// <summary>The quota of a control group of the process, or one above it.</summary>
    ControlGroup,

    /// <summary>What SLURM granted the task.</summary>
    Slurm,
}
