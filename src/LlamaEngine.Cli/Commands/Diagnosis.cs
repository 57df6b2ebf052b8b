using System.Collections.Immutable;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Devices;

namespace LlamaEngine.Cli.Commands;

/// <summary>What <c>doctor</c> finds out about this process and its machine.</summary>
internal sealed record Diagnosis
{
    /// <summary>The processors of the affinity mask.</summary>
    public required ImmutableArray<int> AllowedProcessors { get; init; }

    /// <summary>How many of them an engine uses.</summary>
    public required AvailableProcessors Processors { get; init; }

    /// <summary>Memory that may still be taken.</summary>
    public required AvailableMemory Memory { get; init; }

    /// <summary>What the device was chosen by.</summary>
    public required DeviceFacts Facts { get; init; }

    /// <summary>The device that an engine with the same options would compute on.</summary>
    public required DeviceChoice Choice { get; init; }

    /// <summary>Memory of it that nobody has taken; null if it is no GPU.</summary>
    public long? FreeBytes { get; init; }

    /// <summary>What the kernels did on it; null if it is no GPU.</summary>
    public SelfTestResult? SelfTest { get; init; }

    /// <summary>Why the device that was asked for cannot be used; null if it can, or if none was asked for.</summary>
    public string? Failure => Choice.Failure?.Message
        ?? (IsAsked && SelfTest?.Passed == false ? $"The kernels' self-test failed on {Choice.Name}: {SelfTest.Detail}" : null);

    /// <summary>The device was asked for by name.</summary>
    public bool IsAsked { get; init; }

    /// <summary>All that is not as it should be.</summary>
    public IEnumerable<DeviceProblem> Problems => SelfTest?.Passed == false
        ? Choice.Problems.Append(new DeviceProblem(
            $"The kernels' self-test failed on {Choice.Name}: {SelfTest.Detail}", "Use --device cpu, and report it with the output of llama-engine doctor --json."))
        : Choice.Problems;

    /// <summary>Examines this process.</summary>
    public static Diagnosis Make(EngineOptions options)
    {
        DeviceFacts facts = DeviceSurvey.Look();
        DeviceChoice choice = DeviceChooser.Choose(options, facts);
        return new Diagnosis
        {
            AllowedProcessors = ProcessorBudget.AllowedProcessors(),
            Processors = ProcessorBudget.Available(facts.Slurm),
            Memory = MemoryBudget.Available(),
            Facts = facts,
            Choice = choice,
            FreeBytes = choice.Ordinal is { } chosen ? CudaDriverProbe.FreeBytes(chosen) : null,
            SelfTest = choice.Ordinal is { } ordinal ? KernelSelfTest.Run(ordinal) : null,
            IsAsked = options.Device == DeviceKind.Cuda,
        };
    }
}
