using System.Collections.Immutable;

namespace LlamaEngine.Devices;

/// <summary>What a device is chosen by.</summary>
internal sealed record DeviceFacts
{
    /// <summary>The driver's mask.</summary>
    public required CudaVisibleDevices Mask { get; init; }

    /// <summary>What SLURM says about this process.</summary>
    public required SlurmEnvironment Slurm { get; init; }

    /// <summary>What the driver says.</summary>
    public required CudaDriverReport Driver { get; init; }

    /// <summary>The UUIDs of all the machine's GPUs, masked or not; empty if that is not known.</summary>
    public ImmutableArray<string> MachineGpus { get; init; } = [];
}
