using System.Collections.Immutable;

namespace LlamaEngine.Devices;

/// <summary>What the CUDA driver says about a device.</summary>
/// <param name="Ordinal">Its place among the visible devices: the mask is applied already.</param>
/// <param name="Name">The name for people.</param>
/// <param name="Uuid">As CUDA_VISIBLE_DEVICES takes it, with <c>GPU-</c> or <c>MIG-</c>.</param>
/// <param name="ComputeCapability">What its instructions are.</param>
/// <param name="MemoryBytes">All of its memory.</param>
/// <param name="IsSoftware">It is the software device for tests.</param>
internal sealed record CudaDeviceFacts(
    int Ordinal, string Name, string Uuid, Version ComputeCapability, long MemoryBytes, bool IsSoftware);

/// <summary>What there is to compute with CUDA.</summary>
internal sealed record CudaDriverReport
{
    /// <summary>For whoever does not want a GPU: nothing was looked at.</summary>
    public static CudaDriverReport NotAsked { get; } = new() { Library = "" };

    /// <summary>The library that was loaded, or would have been.</summary>
    public required string Library { get; init; }

    /// <summary>The variable LLAMAENGINE_CUDA_LIBRARY named the library.</summary>
    public bool LibraryIsChosen { get; init; }

    /// <summary>The library was found and is the driver.</summary>
    public bool IsLoaded { get; init; }

    /// <summary>1000 × major + 10 × minor, as cuDriverGetVersion gives it; null if the driver did not say.</summary>
    public int? Version { get; init; }

    /// <summary>The visible devices in the order of their ordinals.</summary>
    public ImmutableArray<CudaDeviceFacts> Devices { get; init; } = [];

    /// <summary>Why there is no device, in the driver's words, as a clause without a full stop; null if there is nothing to say.</summary>
    public string? Fault { get; init; }

    /// <summary>The assembly has the kernels embedded.</summary>
    public bool HasKernels { get; init; } = true;
}
