using System.Collections.Immutable;

namespace LlamaEngine.Devices;

/// <summary>Chooses the device that computes, by what is asked for and what there is. Looks at nothing itself.</summary>
internal static class DeviceChooser
{
    /// <summary>The choice. What was asked for and cannot be used is no other device, but a <see cref="DeviceChoice.Failure"/>.</summary>
    public static DeviceChoice Choose(EngineOptions options, DeviceFacts facts)
    {
        DeviceChoice choice = options.Device == DeviceKind.Cpu ? new DeviceChoice { Reason = "the CPU was asked for" } : ChooseGpu(options, facts);
        return choice with { Problems = [.. choice.Problems, .. facts.Slurm.Problems, .. MaskProblem(facts, choice), .. GrantProblems(facts, choice)] };
    }

    private static DeviceChoice ChooseGpu(EngineOptions options, DeviceFacts facts)
    {
        if (CudaReadiness.Obstacle(facts) is { } obstacle)
            return Without(options, facts, obstacle);
        if (options.Device == DeviceKind.Auto && facts.Driver.Devices.Any(device => device.IsSoftware))
            return new DeviceChoice { Reason = "the only CUDA device is the software device for tests, which computes only where CUDA is asked for" };
        return options.DeviceOrdinal is { } ordinal ? ChooseAsked(options, facts, ordinal) : ChooseByRank(facts);
    }

    private static DeviceChoice ChooseAsked(EngineOptions options, DeviceFacts facts, int ordinal)
    {
        ImmutableArray<CudaDeviceFacts> devices = facts.Driver.Devices;
        if (ordinal >= devices.Length)
        {
            string last = devices.Length == 1 ? "" : $" to cuda:{devices.Length - 1}";
            return Without(options, facts, new DeviceProblem(
                $"there is no cuda:{ordinal}, for the driver shows cuda:0{last}", "Count the visible devices from 0, whatever they are called on the machine."));
        }
        return CudaReadiness.Obstacle(devices[ordinal]) is { } obstacle
            ? Without(options, facts, obstacle)
            : new DeviceChoice { Ordinal = ordinal, Reason = $"cuda:{ordinal} was asked for" };
    }

    // Tasks of one node take a GPU each, and share them evenly if there are more tasks. Where SLURM masks GPUs by task, each sees
    // its own alone, as ordinal 0.
    private static DeviceChoice ChooseByRank(DeviceFacts facts)
    {
        CudaDeviceFacts[] usable = [.. facts.Driver.Devices.Where(device => CudaReadiness.Obstacle(device) is null)];
        int ordinal = usable[facts.Slurm.LocalRank % usable.Length].Ordinal;
        string which = usable.Length == facts.Driver.Devices.Length ? "visible" : "usable";
        string reason = usable.Length == 1 ? $"the only {which} GPU"
            : facts.Slurm.InStep ? $"local rank {facts.Slurm.LocalRank}, spread over {usable.Length} {which} GPUs"
            : $"the first of {usable.Length} {which} GPUs";
        return new DeviceChoice { Ordinal = ordinal, Reason = reason };
    }

    private static DeviceChoice Without(EngineOptions options, DeviceFacts facts, DeviceProblem obstacle)
    {
        bool isAsked = options.Device == DeviceKind.Cuda;
        string requested = options.DeviceOrdinal is { } ordinal ? $"cuda:{ordinal}" : "cuda";
        return new DeviceChoice
        {
            Reason = obstacle.What,
            Problems = IsExpected(options, facts) ? [obstacle with { What = Sentence(obstacle.What) }] : [],
            Failure = isAsked ? new DeviceUnavailableException(requested, Found(facts), obstacle.What + ".") : null,
        };
    }

    // A machine without a GPU has no problem, and neither has a process from which they are hidden, unless somebody counts on one.
    private static bool IsExpected(EngineOptions options, DeviceFacts facts)
    {
        bool isHidden = facts.Mask.ShowsNone && facts.Mask.Problem is null;
        return options.Device == DeviceKind.Cuda || options.DeviceOrdinal is not null || facts.Slurm.GpusOnNode > 0
            || (!isHidden && (facts.Driver.LibraryIsChosen || facts.Driver.IsLoaded));
    }

    private static string Found(DeviceFacts facts) =>
        string.Join(", ", facts.Driver.Devices.Select(CudaReadiness.Describe).Prepend(DeviceChoice.CpuName));

    private static IEnumerable<DeviceProblem> MaskProblem(DeviceFacts facts, DeviceChoice choice)
    {
        DeviceProblem? problem = facts.Driver.IsLoaded
            ? facts.Mask.ProblemWith(facts.Driver.Devices.Length, facts.MachineGpus)
            : facts.Mask.Problem;
        return problem is null || choice.Problems.Contains(problem) ? [] : [problem];
    }

    private static IEnumerable<DeviceProblem> GrantProblems(DeviceFacts facts, DeviceChoice choice)
    {
        int visible = facts.Driver.Devices.Length;
        int? granted = facts.Slurm.GpusOnNode;
        if (choice.Ordinal is null || facts.Slurm.JobId is null)
            yield break;
        if (visible > (granted ?? 0) && !facts.Driver.Devices[0].IsSoftware)
        {
            yield return new DeviceProblem(
                $"SLURM granted {granted ?? 0} GPUs on this node, but {visible} are visible: others may be using them.",
                "Ask for GPUs with --gres or --gpus-per-task, and have the cluster hide the others (ConstrainDevices=yes in cgroup.conf).");
        }
        // Fewer visible than granted: SLURM masks by task, and nothing is shared.
        if (facts.Slurm.TasksOnNode > visible && visible >= granted)
        {
            yield return new DeviceProblem(
                $"{facts.Slurm.TasksOnNode} tasks of this node share {visible} visible {(visible == 1 ? "GPU and its" : "GPUs and their")} memory.",
                "Start no more tasks on a node than it has GPUs, or let one process serve them all.");
        }
    }

    private static string Sentence(string clause) => char.ToUpperInvariant(clause[0]) + clause[1..] + ".";
}
