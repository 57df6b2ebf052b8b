using System.Collections.Immutable;
using System.Globalization;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Cli.Commands;
using LlamaEngine.Cli.Serving;
using LlamaEngine.Devices;

namespace LlamaEngine.Cli.Json;

/// <summary>What <c>doctor --json</c> prints.</summary>
/// <remarks>
/// One short line: srun passes on what tasks print in pieces of up to 1,024 bytes, and mixes the pieces of longer lines. So what
/// goes without saying is left out, and what only people want to see stands in the text alone.
/// </remarks>
internal sealed record DoctorResult
{
    /// <summary>What the processor calls itself.</summary>
    public required string Processor { get; init; }

    /// <summary>The level of vector instructions that the CPU backend uses.</summary>
    public required string InstructionSet { get; init; }

    /// <summary>Processors of the affinity mask, such as 0-3,8.</summary>
    public required string Affinity { get; init; }

    /// <summary>Threads that an engine starts.</summary>
    public required int Cpus { get; init; }

    /// <summary>What keeps <see cref="Cpus"/> from being more.</summary>
    public required string CpusLimit { get; init; }

    /// <summary>Memory that may still be taken.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>What keeps <see cref="MemoryBytes"/> from being more.</summary>
    public required string MemoryLimit { get; init; }

    /// <summary>Which task of the job step this is.</summary>
    public required int Rank { get; init; }

    /// <summary>Tasks of the job step.</summary>
    public required int WorldSize { get; init; }

    /// <summary>Which task of the step on this node this is.</summary>
    public required int LocalRank { get; init; }

    /// <summary>This node.</summary>
    public required string Node { get; init; }

    /// <summary>All nodes of the step, else of the job, else this one.</summary>
    public required string[] Nodes { get; init; }

    /// <summary>What SLURM says besides; null outside of a job.</summary>
    public SlurmResult? Slurm { get; init; }

    /// <summary>The driver.</summary>
    public required CudaResult Cuda { get; init; }

    /// <summary>The visible CUDA devices.</summary>
    public required CudaDeviceResult[] Devices { get; init; }

    /// <summary>What the kernels did on the chosen device: passed, else failed or not run, and why; null if it is no GPU.</summary>
    public string? SelfTest { get; init; }

    /// <summary>cpu, cuda:N, or none if what was asked for cannot be used.</summary>
    public required string ChosenDevice { get; init; }

    /// <summary>Why it is that one.</summary>
    public required string Reason { get; init; }

    /// <summary>What is not as it should be.</summary>
    public required string[] Problems { get; init; }

    /// <summary>What to do about each of the <see cref="Problems"/>; null if there are none.</summary>
    public string[]? Remedies { get; init; }

    /// <summary>A diagnosis as JSON has it.</summary>
    public static DoctorResult From(Diagnosis diagnosis)
    {
        SlurmEnvironment slurm = diagnosis.Facts.Slurm;
        return new DoctorResult
        {
            Processor = ProcessorName.Find(),
            InstructionSet = CpuInstructionSets.Detect(new CpuOptions().MaxInstructionSet).ToString(),
            Affinity = Ranges(diagnosis.AllowedProcessors),
            Cpus = diagnosis.Processors.Count,
            CpusLimit = NameOf(diagnosis.Processors.Limit),
            MemoryBytes = diagnosis.Memory.Bytes,
            MemoryLimit = NameOf(diagnosis.Memory.Limit),
            Rank = slurm.Rank,
            WorldSize = slurm.WorldSize,
            LocalRank = slurm.LocalRank,
            Node = slurm.Node,
            Nodes = [.. slurm.Nodes],
            Slurm = slurm.JobId is null && !slurm.InStep ? null : SlurmResult.From(slurm),
            Cuda = CudaResult.From(diagnosis.Facts),
            Devices = [.. diagnosis.Facts.Driver.Devices.Select(device => CudaDeviceResult.From(
                device, device.Ordinal == diagnosis.Choice.Ordinal ? diagnosis.FreeBytes : null, diagnosis.Facts.Mask))],
            SelfTest = Text(diagnosis.SelfTest),
            ChosenDevice = diagnosis.Choice.Name,
            Reason = diagnosis.Choice.Reason,
            Problems = [.. diagnosis.Problems.Select(problem => problem.What)],
            Remedies = diagnosis.Problems.Any() ? [.. diagnosis.Problems.Select(problem => problem.Remedy)] : null,
        };
    }

    private static string? Text(SelfTestResult? test) => test?.Passed switch
    {
        true => "passed",
        false => $"failed: {test.Detail}",
        null => test is null ? null : $"not run: {test.Detail}",
    };

    // 0-3,8 for 0, 1, 2, 3 and 8.
    private static string Ranges(ImmutableArray<int> ascending)
    {
        List<string> ranges = [];
        for (int start = 0, end; start < ascending.Length; start = end)
        {
            for (end = start + 1; end < ascending.Length && ascending[end] == ascending[end - 1] + 1;)
                end++;
            string first = ascending[start].ToString(CultureInfo.InvariantCulture);
            ranges.Add(end - start == 1 ? first : string.Create(CultureInfo.InvariantCulture, $"{first}-{ascending[end - 1]}"));
        }
        return string.Join(',', ranges);
    }

    private static string NameOf(ProcessorLimit limit) => limit switch
    {
        ProcessorLimit.Affinity => "affinity mask",
        ProcessorLimit.ControlGroup => "control group quota",
        _ => "SLURM",
    };

    private static string NameOf(Devices.MemoryLimit limit) => limit switch
    {
        LlamaEngine.Devices.MemoryLimit.ControlGroup => "control group",
        LlamaEngine.Devices.MemoryLimit.Slurm => "SLURM",
        _ => "machine",
    };
}
