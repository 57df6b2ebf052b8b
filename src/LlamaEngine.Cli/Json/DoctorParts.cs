using System.Text.Json.Serialization;
using LlamaEngine.Devices;

namespace LlamaEngine.Cli.Json;

/// <summary>What SLURM says about this process's job.</summary>
internal sealed record SlurmResult
{
    /// <summary>The job.</summary>
    public string? JobId { get; init; }

    /// <summary>True if srun did not start the process; null if it is a task of a job step.</summary>
    public bool? OutsideStep { get; init; }

    /// <summary>This node's number.</summary>
    public int? NodeIndex { get; init; }

    /// <summary>Tasks on each node, in the order of the nodes; null if that is not known.</summary>
    public int[]? TasksPerNode { get; init; }

    /// <summary>GPUs granted on this node.</summary>
    public int? GpusOnNode { get; init; }

    /// <summary>SLURM's labels of them, which are no ordinals.</summary>
    public string? GpuLabels { get; init; }

    /// <summary>Processors asked for each task.</summary>
    public int? CpusPerTask { get; init; }

    /// <summary>Processors granted on this node.</summary>
    public int? CpusOnNode { get; init; }

    /// <summary>Memory granted on this node.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary>The facts as JSON has them.</summary>
    public static SlurmResult From(SlurmEnvironment slurm) => new()
    {
        JobId = slurm.JobId,
        OutsideStep = slurm.InStep ? null : true,
        NodeIndex = slurm.NodeIndex,
        TasksPerNode = slurm.TasksPerNode.IsEmpty ? null : [.. slurm.TasksPerNode],
        GpusOnNode = slurm.GpusOnNode,
        GpuLabels = slurm.GpuLabels,
        CpusPerTask = slurm.ProcessorsPerTask,
        CpusOnNode = slurm.ProcessorsOnNode,
        MemoryBytes = slurm.MemoryBytes,
    };
}

/// <summary>The CUDA driver.</summary>
/// <param name="Library">The file it is in, or would be.</param>
/// <param name="Missing">True if that was not found; else null.</param>
/// <param name="DriverVersion">The CUDA that the driver is made for, such as 12.4.</param>
/// <param name="VisibleDevices">CUDA_VISIBLE_DEVICES; null if it is not set.</param>
/// <param name="NoKernels">True if the kernels are not built in; else null.</param>
/// <param name="Fault">Why there is no device, in the driver's words.</param>
internal sealed record CudaResult(string Library, bool? Missing, string? DriverVersion, string? VisibleDevices, bool? NoKernels, string? Fault)
{
    /// <summary>The facts as JSON has them.</summary>
    public static CudaResult From(DeviceFacts facts) => new(
        facts.Driver.Library,
        facts.Driver.IsLoaded ? null : true,
        facts.Driver.Version is { } version ? CudaReadiness.VersionText(version) : null,
        facts.Mask.Text,
        facts.Driver.HasKernels ? null : true,
        facts.Driver.Fault);
}

/// <summary>A visible CUDA device.</summary>
/// <param name="Ordinal">Its place among the visible ones.</param>
/// <param name="Name">The name for people.</param>
/// <param name="Uuid">As CUDA_VISIBLE_DEVICES takes it.</param>
/// <param name="ComputeCapability">Such as 8.0.</param>
/// <param name="MemoryBytes">All of its memory.</param>
/// <param name="FreeBytes">What nobody has taken, of the chosen device alone: to ask takes a context, and that takes memory.</param>
/// <param name="Software">It is the software device for tests.</param>
/// <param name="MaskEntry">What CUDA_VISIBLE_DEVICES calls it; null without a mask.</param>
internal sealed record CudaDeviceResult(
    int Ordinal,
    string Name,
    string Uuid,
    string ComputeCapability,
    long MemoryBytes,
    [property: JsonIgnore] long? FreeBytes,
    [property: JsonIgnore] bool Software,
    [property: JsonIgnore] string? MaskEntry)
{
    /// <summary>The facts as JSON has them.</summary>
    public static CudaDeviceResult From(CudaDeviceFacts device, long? freeBytes, CudaVisibleDevices mask) => new(
        device.Ordinal,
        device.Name,
        device.Uuid,
        device.ComputeCapability.ToString(2),
        device.MemoryBytes,
        freeBytes,
        device.IsSoftware,
        mask.LabelOf(device.Ordinal));
}
