using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Devices;

public class MemoryBudgetTests
{
    private const string MemoryInfo = "MemTotal:       24000000 kB\nMemFree:          123456 kB\nMemAvailable:   16000000 kB\n";
    private const long Machine = 16000000L * 1024;

    [Fact]
    public void A_machine_that_says_nothing_is_unknown()
    {
        using var machine = new MachineFolder();
        Assert.Null(Find(machine));
    }

    [Theory]
    [InlineData(MemoryInfo, Machine)]
    [InlineData("MemAvailable: 0 kB", 0L)]
    [InlineData("MemTotal: 5 kB", null)]
    [InlineData("MemAvailable:", null)]
    [InlineData("MemAvailable: much kB", null)]
    [InlineData("MemAvailable: -1 kB", null)]
    [InlineData("MemAvailable: 9223372036854775807 kB", null)]
    public void The_kernels_estimate(string text, long? expected)
    {
        using var machine = new MachineFolder().With("/proc/meminfo", text);
        Assert.Equal(expected, Find(machine)?.Bytes);
    }

    [Theory]
    [InlineData("max", "5000", "inactive_file 100", Machine)]
    [InlineData("8000\n", "5000\n", "anon 1\ninactive_file 100\nactive_file 7\n", 3100L)]
    [InlineData("8000", "5000", "", 3000L)]
    [InlineData("8000", "5000", "inactive_file x", 3000L)]
    [InlineData("8000", "9000", "inactive_file 100", 0L)]
    [InlineData("8000", "5000", "inactive_file 6000", 8000L)]
    [InlineData("8000", "", "", Machine)]
    [InlineData("", "5000", "", Machine)]
    [InlineData("-8000", "5000", "", Machine)]
    [InlineData("99999999999999999999", "5000", "", Machine)]
    public void Version_2_limit_less_usage_with_unused_cache_given_back(string limit, string usage, string statistics, long expected)
    {
        using var machine = new MachineFolder().With("/proc/meminfo", MemoryInfo).WithVersionTwo("/job")
            .With("/sys/fs/cgroup/job/memory.max", limit)
            .With("/sys/fs/cgroup/job/memory.current", usage)
            .With("/sys/fs/cgroup/job/memory.stat", statistics);
        Assert.Equal(expected, Find(machine)?.Bytes);
    }

    [Fact]
    public void The_tightest_of_all_groups_above_counts()
    {
        using var machine = new MachineFolder().With("/proc/meminfo", MemoryInfo).WithVersionTwo("/a/b")
            .With("/sys/fs/cgroup/a/memory.max", "9000").With("/sys/fs/cgroup/a/memory.current", "7000")
            .With("/sys/fs/cgroup/a/b/memory.max", "8000").With("/sys/fs/cgroup/a/b/memory.current", "1000");
        Assert.Equal(new AvailableMemory(2000, MemoryLimit.ControlGroup), Find(machine));
    }

    [Theory]
    [InlineData("9223372036854771712", Machine)]
    [InlineData("8000", 3200L)]
    public void Version_1_counts_the_cache_of_the_groups_below_as_well(string limit, long expected)
    {
        using var machine = new MachineFolder().With("/proc/meminfo", MemoryInfo)
            .With("/proc/self/mountinfo", "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n")
            .With("/proc/self/cgroup", "4:memory:/job\n")
            .With("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", limit)
            .With("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "5000")
            .With("/sys/fs/cgroup/memory/job/memory.stat", "inactive_file 100\ntotal_inactive_file 200\n");
        Assert.Equal(expected, Find(machine)?.Bytes);
    }

    [Theory]
    [InlineData("VmRSS:\t  300 kB\nRssAnon:\t 200 kB\nRssFile:\t  100 kB\n", 824L)]
    [InlineData("VmRSS: 300 kB\n", 724L)]
    [InlineData("VmRSS: 1025 kB\nRssFile: 1 kB\n", 0L)]
    [InlineData("VmRSS: 5000 kB\n", 0L)]
    [InlineData("VmRSS: 1 kB\nRssFile: 2 kB\n", 1024L)]
    [InlineData("VmRSS: many kB\nRssFile: 1 kB\n", 1024L)]
    [InlineData("", 1024L)]
    public void A_slurm_job_s_limit_less_what_the_process_holds_besides_files(string status, long expectedKilobytes)
    {
        using var machine = new MachineFolder().With("/proc/meminfo", MemoryInfo).With("/proc/self/status", status);
        AvailableMemory? available = Find(machine, name => name == "SLURM_MEM_PER_NODE" ? "1" : null);
        Assert.Equal(new AvailableMemory(expectedKilobytes * 1024, MemoryLimit.Slurm), available);
    }

    [Theory]
    [InlineData("1", "2097152", "3", MemoryLimit.Machine)]
    [InlineData("3072", "1048576", "3", MemoryLimit.ControlGroup)]
    [InlineData("3072", "2097152", "1", MemoryLimit.Slurm)]
    [InlineData("3072", "max", "1", MemoryLimit.Slurm)]
    [InlineData("", "1048576", "1", MemoryLimit.ControlGroup)]
    [InlineData("1024", "1048576", "1", MemoryLimit.Machine)]
    [InlineData("", "max", "1", MemoryLimit.Slurm)]
    [InlineData("", "1048576", "?", MemoryLimit.ControlGroup)]
    [InlineData("1", "max", null, MemoryLimit.Machine)]
    internal void The_tightest_limit_is_named(string machineKilobytes, string groupBytes, string? jobMegabytes, MemoryLimit expected)
    {
        using var machine = new MachineFolder().With("/proc/meminfo", $"MemAvailable: {machineKilobytes} kB").WithVersionTwo("/job")
            .With("/sys/fs/cgroup/job/memory.max", groupBytes).With("/sys/fs/cgroup/job/memory.current", "0");
        AvailableMemory? available = Find(machine, name => name == "SLURM_MEM_PER_NODE" ? jobMegabytes : null);
        Assert.Equal(expected, available?.Limit);
        Assert.Equal(machineKilobytes == "1" ? 1024 : 1 << 20, available?.Bytes);
    }

    [Theory]
    [InlineData(null, 100L, MemoryLimit.Machine)]
    [InlineData(101L, 100L, MemoryLimit.Machine)]
    [InlineData(100L, 100L, MemoryLimit.Machine)]
    [InlineData(99L, 99L, MemoryLimit.Caller)]
    internal void A_caller_may_want_less(long? bytes, long expected, MemoryLimit limit) =>
        Assert.Equal(new AvailableMemory(expected, limit), new AvailableMemory(100, MemoryLimit.Machine).AtMost(bytes));

    [Fact]
    public void This_machine_has_memory() => Assert.InRange(MemoryBudget.AvailableBytes(), 1, 1L << 50);

    private static AvailableMemory? Find(MachineFolder machine, Func<string, string?>? variable = null) =>
        MemoryBudget.Available(machine.Files, variable ?? (_ => null));
}
