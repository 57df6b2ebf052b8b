namespace LlamaEngine.Devices;

/// <summary>Memory that may still be taken, and what keeps it from being more.</summary>
/// <param name="Bytes">Bytes, at least 0.</param>
/// <param name="Limit">The tightest limit.</param>
internal readonly record struct AvailableMemory(long Bytes, MemoryLimit Limit)
{
    /// <summary>The same for a caller who wants no more than so many bytes to be taken; null: it does not matter.</summary>
    public AvailableMemory AtMost(long? bytes) => bytes < Bytes ? new AvailableMemory(bytes.Value, MemoryLimit.Caller) : this;
}

/// <summary>Who limits memory.</summary>
internal enum MemoryLimit
{
    /// <summary>What the machine has free.</summary>
    Machine,

    /// <summary>A control group of the process, or one above it.</summary>
    ControlGroup,

    /// <summary>What the device that computes has free.</summary>
    Device,

    /// <summary>What the SLURM job asked for.</summary>
    Slurm,

    /// <summary><see cref="EngineOptions.MemoryLimitBytes"/>.</summary>
    Caller,

    /// <summary>The garbage collector's measure of the machine, where there is no other.</summary>
    Collector,
}
