using System.Collections.Immutable;

namespace LlamaEngine.Devices;

/// <summary>The device that computes, and why it does.</summary>
internal sealed record DeviceChoice
{
    /// <summary>The choice's name for the processor.</summary>
    public const string CpuName = "cpu";

    /// <summary>A GPU's place among the visible ones; null for the processor, and if what was asked for cannot be used.</summary>
    public int? Ordinal { get; init; }

    /// <summary>Why, as a clause without a full stop; if what was asked for cannot be used, why not.</summary>
    public required string Reason { get; init; }

    /// <summary>What was asked for by name cannot be used.</summary>
    public DeviceUnavailableException? Failure { get; init; }

    /// <summary>What is not as it should be, whether or not it decided anything.</summary>
    public ImmutableArray<DeviceProblem> Problems { get; init; } = [];

    /// <summary><c>cpu</c>, <c>cuda:1</c>, or <c>none</c> if what was asked for cannot be used.</summary>
    public string Name => Failure is not null ? "none" : Ordinal is { } ordinal ? $"cuda:{ordinal}" : CpuName;
}
