namespace LlamaEngine.Devices;

/// <summary>How much memory this process may still take.</summary>
internal static class MemoryBudget
{
    /// <summary>
    /// Bytes that can be allocated before the machine swaps or a control group kills, as things stand now: a measure to
    /// refuse by what cannot fit, no promise.
    /// </summary>
    public static long AvailableBytes() => AvailableBytes(SystemFiles.Machine) ?? AvailableToCollector();

    /// <summary>The same for the machine that <paramref name="files"/> describe; null if they say nothing.</summary>
    internal static long? AvailableBytes(SystemFiles files)
    {
        var groups = new ControlGroups(files);
        IEnumerable<long?> limits =
        [
            Machine(files),
            .. groups.Unified().Select(folder => Left(files, folder, "memory.max", "memory.current", "inactive_file")),
            .. groups.Of("memory").Select(
                folder => Left(files, folder, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")),
        ];
        return limits.Min();
    }

    // The kernel's own estimate: free memory and what it could take back from caches, in kB.
    private static long? Machine(SystemFiles files) =>
        files.Entry("/proc/meminfo", "MemAvailable") is { } kilobytes and >= 0 and <= long.MaxValue / 1024 ? kilobytes * 1024 : null;

    // Usage counts cached file pages, mapped weights among them; those long unused are given up before anyone is killed.
    private static long? Left(SystemFiles files, string folder, string limitFile, string usageFile, string cacheEntry)
    {
        if (files.Number($"{folder}/{limitFile}") is not (>= 0 and var limit) || files.Number($"{folder}/{usageFile}") is not (>= 0 and var usage))
            return null;
        long cache = files.Entry($"{folder}/memory.stat", cacheEntry) is >= 0 and var bytes ? bytes : 0;
        return Math.Max(0, limit - Math.Max(0, usage - cache));
    }

    // Where there is no /proc: what the collector took for the limit when it last ran.
    private static long AvailableToCollector()
    {
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        return Math.Max(0, info.TotalAvailableMemoryBytes - info.MemoryLoadBytes);
    }
}
