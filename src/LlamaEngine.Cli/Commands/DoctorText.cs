using System.Globalization;
using LlamaEngine.Cli.Json;

namespace LlamaEngine.Cli.Commands;

/// <summary>Writes a diagnosis for people.</summary>
internal static class DoctorText
{
    private const double Gigabyte = 1e9;
    private const int MostNodes = 16;

    /// <summary>Writes all of it.</summary>
    public static void Write(DoctorResult result, TextWriter output)
    {
        Section(output, "Machine", Machine(result));
        Section(output, "SLURM", Slurm(result));
        Section(output, "CUDA", Cuda(result));
        Section(output, "Choice", Choice(result));
        output.WriteLine(result.Problems.Length == 0 ? "No problems." : "Problems");
        foreach ((string problem, string remedy) in result.Problems.Zip(result.Remedies ?? []))
        {
            output.WriteLine($"  - {Printable(problem)}");
            output.WriteLine($"    {Printable(remedy)}");
        }
    }

    private static IEnumerable<(string Name, string Value)> Machine(DoctorResult result)
    {
        yield return ("processor", result.Processor);
        yield return ("instructions", result.InstructionSet);
        yield return ("processors", Text($"{result.Cpus} to use (limit: {result.CpusLimit}); affinity mask: {result.Affinity}"));
        yield return ("memory", Text($"{result.MemoryBytes / Gigabyte:N1} GB to use (limit: {result.MemoryLimit})"));
    }

    private static IEnumerable<(string Name, string Value)> Slurm(DoctorResult result)
    {
        if (result.Slurm is not { } slurm)
        {
            yield return ("job", "none");
            yield return ("node", result.Node);
            yield break;
        }
        yield return ("job", (slurm.JobId ?? "not named") + (slurm.OutsideStep is null ? "" : ", outside of a job step"));
        yield return ("rank", Text($"{result.Rank} of {result.WorldSize}, local rank {result.LocalRank}"));
        yield return ("node", result.Node + (slurm.NodeIndex is { } index ? Text($", number {index}") : ""));
        yield return ("nodes", Text($"{result.Nodes.Length}: {Few(result.Nodes)}"));
        if (slurm.TasksPerNode is { } tasks)
            yield return ("tasks", Few([.. tasks.Select(count => count.ToString(CultureInfo.InvariantCulture))]) + " on the nodes");
        if (slurm.CpusOnNode is { } processors)
            yield return ("processors", Text($"{processors} on this node") + (slurm.CpusPerTask is { } each ? Text($", {each} a task") : ""));
        if (slurm.MemoryBytes is { } bytes)
            yield return ("memory", Text($"{bytes / Gigabyte:N1} GB on this node"));
        yield return ("GPUs", slurm.GpusOnNode is { } gpus ? Text($"{gpus} on this node") + (slurm.GpuLabels is { } labels ? $", labelled {labels}" : "") : "none");
    }

    private static IEnumerable<(string Name, string Value)> Cuda(DoctorResult result)
    {
        CudaResult cuda = result.Cuda;
        yield return ("library", cuda.Library + (cuda.Missing is null ? "" : ", not found"));
        if (cuda.DriverVersion is { } version)
            yield return ("driver", $"for CUDA {version}");
        yield return ("mask", cuda.VisibleDevices is { } mask ? $"CUDA_VISIBLE_DEVICES is '{mask}'" : "none");
        if (cuda.NoKernels is not null)
            yield return ("kernels", "not built in");
        if (result.Devices.Length == 0)
            yield return ("devices", "none");
        foreach (CudaDeviceResult device in result.Devices)
        {
            yield return (Text($"cuda:{device.Ordinal}"), Text($"{device.Name}, compute capability {device.ComputeCapability}, ")
                + (device.FreeBytes is { } free ? Text($"{free / Gigabyte:N1} of ") : "")
                + Text($"{device.MemoryBytes / Gigabyte:N1} GB{(device.FreeBytes is null ? "" : " free")}, {device.Uuid}")
                + (device.MaskEntry is { } entry ? $", {entry} on the machine" : "") + (device.Software ? ", software device for tests" : ""));
        }
    }

    private static IEnumerable<(string Name, string Value)> Choice(DoctorResult result)
    {
        yield return ("device", result.ChosenDevice);
        yield return ("reason", result.Reason);
        if (result.SelfTest is { } test)
            yield return ("self-test", test);
    }

    private static void Section(TextWriter output, string title, IEnumerable<(string Name, string Value)> lines)
    {
        output.WriteLine(title);
        foreach ((string name, string value) in lines)
            output.WriteLine($"  {name,-13}{Printable(value)}");
        output.WriteLine();
    }

    private static string Few(string[] items) =>
        string.Join(", ", items.Take(MostNodes)) + (items.Length > MostNodes ? Text($", … ({items.Length - MostNodes} more)") : "");

    // Names and variables come from outside: nothing in them may move the terminal's cursor.
    private static string Printable(string text) => string.Concat(text.Select(character => char.IsControl(character) ? '\uFFFD' : character));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
