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
        Assert.Null(MemoryBudget.AvailableBytes(machine.Files));
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
        Assert.Equal(expected, MemoryBudget.AvailableBytes(machine.Files));
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
        Assert.Equal(expected, MemoryBudget.AvailableBytes(machine.Files));
    }

    [Fact]
    public void The_tightest_of_all_groups_above_counts()
    {
        using var machine = new MachineFolder().With("/proc/meminfo", MemoryInfo).WithVersionTwo("/a/b")
            .With("/sys/fs/cgroup/a/memory.max", "9000").With("/sys/fs/cgroup/a/memory.current", "7000")
            .With("/sys/fs/cgroup/a/b/memory.max", "8000").With("/sys/fs/cgroup/a/b/memory.current", "1000");
        Assert.Equal(2000, MemoryBudget.AvailableBytes(machine.Files));
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
        Assert.Equal(expected, MemoryBudget.AvailableBytes(machine.Files));
    }

    [Fact]
    public void This_machine_has_memory() => Assert.InRange(MemoryBudget.AvailableBytes(), 1, 1L << 50);
}
