using System.Collections.Immutable;

namespace LlamaEngine.Devices;

/// <summary>What SLURM says about this process: which of how many it is, where the others are, what it was granted.</summary>
/// <remarks>
/// Outside of SLURM, and in a batch script (which runs once, whatever it starts with <c>srun</c> afterwards), a process is rank 0 of
/// 1. Always 0 ≤ <see cref="Rank"/> &lt; <see cref="WorldSize"/>, 0 ≤ <see cref="LocalRank"/>, and <see cref="Nodes"/> has at least
/// one name; what is malformed or contradicts itself is among the <see cref="Problems"/> and taken as if it were not there.
/// </remarks>
internal sealed record SlurmEnvironment
{
    /// <summary>The job; null outside of SLURM.</summary>
    public string? JobId { get; init; }

    /// <summary>The process is a task of a job step, one of those that srun started.</summary>
    public bool InStep { get; init; }

    /// <summary>Which task of the step this is.</summary>
    public int Rank { get; init; }

    /// <summary>Tasks of the step.</summary>
    public int WorldSize { get; init; } = 1;

    /// <summary>Which task of the step on this node this is.</summary>
    public int LocalRank { get; init; }

    /// <summary>This node's name.</summary>
    public required string Node { get; init; }

    /// <summary>This node's number among those of the step or job; null if that is not known.</summary>
    public int? NodeIndex { get; init; }

    /// <summary>The nodes of the step, else of the job, else this one alone.</summary>
    public required ImmutableArray<string> Nodes { get; init; }

    /// <summary>Tasks on each of the <see cref="Nodes"/>; empty if that is not known.</summary>
    public ImmutableArray<int> TasksPerNode { get; init; } = [];

    /// <summary>GPUs of the job or step on this node; null if none were asked for.</summary>
    public int? GpusOnNode { get; init; }

    /// <summary>SLURM's own labels of those GPUs, as text: under a control group or a mask they are no ordinals.</summary>
    public string? GpuLabels { get; init; }

    /// <summary>Processors asked for each task; null if none were asked for.</summary>
    public int? ProcessorsPerTask { get; init; }

    /// <summary>Processors of the job or step on this node; null if that is not known.</summary>
    public int? ProcessorsOnNode { get; init; }

    /// <summary>Memory of the job on this node; null if there is no limit.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>What is wrong with the variables.</summary>
    public ImmutableArray<DeviceProblem> Problems { get; init; } = [];

    /// <summary>Tasks of the step on this node; null if that is not known.</summary>
    public int? TasksOnNode => InStep && NodeIndex is { } index && index < TasksPerNode.Length ? TasksPerNode[index] : null;

    /// <summary>Processors that are this process's share of what was granted; null if SLURM does not say.</summary>
    public int? Processors => InStep
        ? ProcessorsPerTask ?? (ProcessorsOnNode is { } processors ? Math.Max(1, processors / (TasksOnNode ?? 1)) : null)
        : ProcessorsOnNode;

    /// <summary>The facts about this process.</summary>
    public static SlurmEnvironment Read() => Read(Environment.GetEnvironmentVariable, Environment.MachineName);

    /// <summary>The facts that variables tell.</summary>
    /// <param name="variable">Gives an environment variable, null where it is not set.</param>
    /// <param name="host">This machine's name.</param>
    public static SlurmEnvironment Read(Func<string, string?> variable, string host) => new SlurmReader(variable, host).Read();
}
