using System.Collections.Immutable;

namespace LlamaEngine.Devices;

/// <summary>How many processors, and which, this process may use.</summary>
internal static class ProcessorBudget
{
    /// <summary>Processors worth a thread each: those of the affinity mask, as far as quota and SLURM's grant go. At least 1.</summary>
    public static int AvailableProcessors() => Available(SlurmEnvironment.Read()).Count;

    /// <summary>The same with what keeps it from being more.</summary>
    public static AvailableProcessors Available(SlurmEnvironment slurm) => Available(AllowedProcessors().Length, slurm, SystemFiles.Machine);

    /// <summary>The processors of the affinity mask, in ascending order: the ids that <see cref="ThreadPinning"/> takes.</summary>
    public static ImmutableArray<int> AllowedProcessors() =>
        ThreadPinning.TryGetAllowedProcessors() is { Length: > 0 } allowed
            ? allowed
            : [.. Enumerable.Range(0, Environment.ProcessorCount)];

    /// <summary>The budget on the machine that <paramref name="files"/> describe.</summary>
    internal static AvailableProcessors Available(int allowed, SlurmEnvironment slurm, SystemFiles files)
    {
        var available = new AvailableProcessors(Math.Max(1, allowed), ProcessorLimit.Affinity);
        return available.AtMost(Quota(files), ProcessorLimit.ControlGroup).AtMost(slurm.Processors, ProcessorLimit.Slurm);
    }

    /// <summary>The same without SLURM.</summary>
    internal static int AvailableProcessors(int allowed, SystemFiles files) =>
        Available(allowed, SlurmEnvironment.Read(_ => null, ""), files).Count;

    // Time that may be used in a period ÷ the period, rounded up: half a processor left idle is worse than half a thread too many.
    private static long Quota(SystemFiles files)
    {
        var groups = new ControlGroups(files);
        long quota = long.MaxValue;
        foreach (string folder in groups.Unified())
        {
            // "max 100000" or "150000 100000"
            string[] words = SystemFiles.Words(files.Lines(folder + "/cpu.max").FirstOrDefault(""));
            if (words.Length == 2)
                quota = Math.Min(quota, Processors(SystemFiles.ParseNumber(words[0]), SystemFiles.ParseNumber(words[1])));
        }
        foreach (string folder in groups.Of("cpu"))
            quota = Math.Min(quota, Processors(files.Number(folder + "/cpu.cfs_quota_us"), files.Number(folder + "/cpu.cfs_period_us")));
        return quota;
    }

    // No quota is written as "max" (version 2) or −1 (version 1).
    private static long Processors(long? time, long? period) =>
        time > 0 && period > 0 ? (time.Value - 1) / period.Value + 1 : long.MaxValue;
}
