namespace LlamaEngine.Devices;

/// <summary>How much memory this process may still take.</summary>
/// <remarks>
/// Limits are taken as they stand now, and what counts as taken is what was touched. A KV cache that is mapped but still empty
/// (another engine's, say) is therefore seen as free: whoever runs several engines gives each a share with
/// <see cref="EngineOptions.MemoryLimitBytes"/>.
/// </remarks>
internal static class MemoryBudget
{
    /// <summary>
    /// Bytes that can be allocated before the machine swaps or a control group kills, as things stand now: a measure to
    /// refuse by what cannot fit, no promise.
    /// </summary>
    public static long AvailableBytes() => Available().Bytes;

    /// <summary>The same with the limit that is the tightest.</summary>
    public static AvailableMemory Available() =>
        Available(SystemFiles.Machine, Environment.GetEnvironmentVariable) ?? new AvailableMemory(AvailableToCollector(), MemoryLimit.Collector);

    /// <summary>The same for the machine and the process that <paramref name="files"/> and <paramref name="variable"/> describe.</summary>
    /// <param name="files">The files of the machine.</param>
    /// <param name="variable">Gives an environment variable, null where it is not set.</param>
    /// <returns>Null if they say nothing.</returns>
    internal static AvailableMemory? Available(SystemFiles files, Func<string, string?> variable)
    {
        AvailableMemory? tightest = null;
        Consider(Machine(files), MemoryLimit.Machine);
        Consider(ControlGroup(files), MemoryLimit.ControlGroup);
        Consider(Slurm(files, variable), MemoryLimit.Slurm);
        return tightest;

        void Consider(long? bytes, MemoryLimit limit)
        {
            if (bytes is { } value && !(value >= tightest?.Bytes))
                tightest = new AvailableMemory(value, limit);
        }
    }

    // The kernel's own estimate: free memory and what it could take back from caches.
    private static long? Machine(SystemFiles files) => Kilobytes(files, "/proc/meminfo", "MemAvailable");

    private static long? ControlGroup(SystemFiles files)
    {
        var groups = new ControlGroups(files);
        IEnumerable<long?> limits =
        [
            .. groups.Unified().Select(folder => Left(files, folder, "memory.max", "memory.current", "inactive_file")),
            .. groups.Of("memory").Select(
                folder => Left(files, folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")),
        ];
        return limits.Min();
    }

    // Usage counts cached file pages, mapped weights among them; those long unused are given up before anyone is killed.
    private static long? Left(SystemFiles files, string folder, string limitFile, string usageFile, string cacheEntry)
    {
        if (files.Number($"{folder}/{limitFile}") is not (>= 0 and var limit) || files.Number($"{folder}/{usageFile}") is not (>= 0 and var usage))
            return null;
        long cache = files.Entry($"{folder}/memory.stat", cacheEntry) is >= 0 and var bytes ? bytes : 0;
        return Math.Max(0, limit - Math.Max(0, usage - cache));
    }

    // The job's limit less what this process holds; mapped files can be given up. Other processes of the job on this node are not
    // seen here: where SLURM enforces its limits it does so by a control group, which counts them.
    private static long? Slurm(SystemFiles files, Func<string, string?> variable)
    {
        if (SlurmMemory.LimitBytes(variable) is not { } limit)
            return null;
        long resident = Kilobytes(files, "/proc/self/status", "VmRSS") ?? 0, mapped = Kilobytes(files, "/proc/self/status", "RssFile") ?? 0;
        return Math.Max(0, limit - Math.Max(0, resident - mapped));
    }

    // A file's entry that is in kB, in bytes.
    private static long? Kilobytes(SystemFiles files, string path, string name) =>
        files.Entry(path, name) is { } kilobytes and >= 0 and <= long.MaxValue / 1024 ? kilobytes * 1024 : null;

    // Where there is no /proc: what the collector took for the limit when it last ran.
    private static long AvailableToCollector()
    {
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        return Math.Max(0, info.TotalAvailableMemoryBytes - info.MemoryLoadBytes);
    }
}
