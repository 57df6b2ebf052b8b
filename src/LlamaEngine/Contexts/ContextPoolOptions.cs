using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.Contexts;

/// <summary>How a <see cref="ContextPool"/> is created.</summary>
public sealed record ContextPoolOptions
{
    /// <summary>
    /// Most bytes that weights, KV caches and workspaces of all engines on one device may take together, at least 1; null: on the CPU
    /// what is free when the pool is created (machine, control groups and SLURM job considered), on a GPU what is free when the first
    /// engine for it is wanted.
    /// </summary>
    public long? MemoryBytes { get; init; }

    /// <summary>
    /// How engines are created that only recipes ask for; a recipe replaces <see cref="EngineOptions.ModelPath"/> and
    /// <see cref="EngineOptions.KvCacheType"/>.
    /// </summary>
    public EngineOptions RecipeEngines { get; init; } = new();

    /// <summary>The pool's name, a tag of its meter.</summary>
    public string Name { get; init; } = "default";

    /// <summary>Makes the meter "LlamaEngine" (a host's own, say); null: the pool makes one.</summary>
    public IMeterFactory? MeterFactory { get; init; }

    /// <summary>Where log messages go; null: nowhere.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Refuses options out of their range.</summary>
    internal void Validate()
    {
        if (MemoryBytes is { } bytes)
            ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1, nameof(MemoryBytes));
        ArgumentNullException.ThrowIfNull(Name);
        ArgumentNullException.ThrowIfNull(RecipeEngines);
        RecipeEngines.Validate();
    }
}
