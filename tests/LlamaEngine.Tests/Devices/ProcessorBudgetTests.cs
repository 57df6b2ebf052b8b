using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Devices;

public class ProcessorBudgetTests
{
    [Fact]
    public void A_machine_that_says_nothing_leaves_the_affinity_mask()
    {
        using var machine = new MachineFolder();
        Assert.Equal(12, ProcessorBudget.AvailableProcessors(12, machine.Files));
        Assert.Equal(1, ProcessorBudget.AvailableProcessors(0, machine.Files));
    }

    [Theory]
    [InlineData("max 100000", 16)]
    [InlineData("100000 100000", 1)]
    [InlineData("100001 100000", 2)]
    [InlineData("150000 100000\n", 2)]
    [InlineData("1000 100000", 1)]
    [InlineData("3200000 100000", 16)]
    [InlineData("9223372036854775807 1", 16)]
    [InlineData("", 16)]
    [InlineData("\n\n", 16)]
    [InlineData("100000", 16)]
    [InlineData("100000 0", 16)]
    [InlineData("0 100000", 16)]
    [InlineData("-1 100000", 16)]
    [InlineData("many 100000", 16)]
    [InlineData("99999999999999999999 100000", 16)]
    [InlineData("100000 100000 100000", 16)]
    [InlineData("\0\u00ff", 16)]
    public void Version_2_quota_is_rounded_up_and_nonsense_ignored(string text, int expected)
    {
        using var machine = new MachineFolder().WithVersionTwo("/job").With("/sys/fs/cgroup/job/cpu.max", text);
        Assert.Equal(expected, ProcessorBudget.AvailableProcessors(16, machine.Files));
    }

    [Theory]
    [InlineData("/", 12)]
    [InlineData("/a", 8)]
    [InlineData("/a/b", 3)]
    [InlineData("/a/b/c", 3)]
    [InlineData("/a/b/c/not-there", 3)]
    [InlineData("/not-there", 12)]
    [InlineData("/a/../..", 12)]
    public void The_tightest_of_all_groups_above_counts(string group, int expected)
    {
        using var machine = new MachineFolder().WithVersionTwo(group)
            .With("/sys/fs/cgroup/cpu.max", "1200000 100000")
            .With("/sys/fs/cgroup/a/cpu.max", "800000 100000")
            .With("/sys/fs/cgroup/a/b/cpu.max", "300000 100000")
            .With("/sys/fs/cgroup/a/b/c/cpu.max", "max 100000")
            .With("/sys/fs/cgroup/other/cpu.max", "100000 100000");
        Assert.Equal(expected, ProcessorBudget.AvailableProcessors(16, machine.Files));
    }

    [Theory]
    [InlineData("400000", "100000", 4)]
    [InlineData("450000\n", "100000\n", 5)]
    [InlineData("-1", "100000", 16)]
    [InlineData("400000", "", 16)]
    public void Version_1_quota(string quota, string period, int expected)
    {
        using var machine = new MachineFolder()
            .With("/proc/self/mountinfo", "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n")
            .With("/proc/self/cgroup", "5:cpu,cpuacct:/slurm/job_7\n4:memory:/elsewhere\n")
            .With("/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us", quota)
            .With("/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us", period);
        Assert.Equal(expected, ProcessorBudget.AvailableProcessors(16, machine.Files));
    }

    [Fact]
    public void Both_versions_side_by_side_count()
    {
        using var machine = new MachineFolder()
            .With("/proc/self/mountinfo", """
                32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
                41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
                """)
            .With("/proc/self/cgroup", "1:cpu:/x\n0::/y\n")
            .With("/sys/fs/cgroup/cpu/x/cpu.cfs_quota_us", "700000").With("/sys/fs/cgroup/cpu/x/cpu.cfs_period_us", "100000")
            .With("/sys/fs/cgroup/unified/y/cpu.max", "600000 100000");
        Assert.Equal(6, ProcessorBudget.AvailableProcessors(16, machine.Files));
    }

    // Docker without a cgroup namespace: the group's name is the host's, the mount shows the container's part of the tree.
    [Theory]
    [InlineData("/docker/abc", 2)]
    [InlineData("/docker/abc/inner", 1)]
    [InlineData("/docker/abcdef", 2)]
    [InlineData("/somewhere/else", 2)]
    public void A_mount_may_show_a_part_of_the_tree(string group, int expected)
    {
        using var machine = new MachineFolder()
            .With("/proc/self/mountinfo", @"32 31 0:29 /docker/abc /sys/fs\040x/cpu rw,relatime - cgroup cgroup rw,cpu")
            .With("/proc/self/cgroup", $"1:cpu:{group}\n")
            .With("/sys/fs x/cpu/cpu.cfs_quota_us", "200000").With("/sys/fs x/cpu/cpu.cfs_period_us", "100000")
            .With("/sys/fs x/cpu/inner/cpu.cfs_quota_us", "100000").With("/sys/fs x/cpu/inner/cpu.cfs_period_us", "100000")
            .With("/sys/fs x/cpu/def/cpu.cfs_quota_us", "100000").With("/sys/fs x/cpu/def/cpu.cfs_period_us", "100000");
        Assert.Equal(expected, ProcessorBudget.AvailableProcessors(16, machine.Files));
    }

    [Fact]
    public void A_part_of_the_tree_mounted_elsewhere_does_not_count()
    {
        using var machine = new MachineFolder()
            .With("/proc/self/mountinfo", "50 31 0:28 /other /mnt/other rw - cgroup2 cgroup2 rw\n" + MachineFolder.VersionTwo)
            .With("/proc/self/cgroup", "0::/mine\n")
            .With("/mnt/other/cpu.max", "100000 100000").With("/sys/fs/cgroup/mine/cpu.max", "500000 100000");
        Assert.Equal(5, ProcessorBudget.AvailableProcessors(16, machine.Files));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("- cgroup2")]
    [InlineData("1 2 3 4 5 - cgroup2")]
    [InlineData("1 2 3 / /x rw - cgroup cgroup")]
    [InlineData("1 2 3 / /x rw - cgroup2 cgroup2 rw\n\n\0\0")]
    public void Malformed_descriptions_are_ignored(string mounts)
    {
        foreach (string groups in new[] { "", ":", "::", "0:", "0::", "1:cpu", "1:cpu:", "0::no-slash", "0::/\0", "0:::::", "\0" })
        {
            using var machine = new MachineFolder().With("/proc/self/mountinfo", mounts).With("/proc/self/cgroup", groups);
            Assert.Equal(16, ProcessorBudget.AvailableProcessors(16, machine.Files));
        }
    }

    [Fact]
    public void This_machine_has_processors()
    {
        Assert.InRange(ProcessorBudget.AvailableProcessors(), 1, ProcessorBudget.AllowedProcessors().Length);
        Assert.Equal(ProcessorBudget.AllowedProcessors().Order(), ProcessorBudget.AllowedProcessors());
    }

    [Theory]
    [InlineData(16, "max 100000", "", 16, ProcessorLimit.Affinity)]
    [InlineData(16, "400000 100000", "", 4, ProcessorLimit.ControlGroup)]
    [InlineData(16, "400000 100000", "SLURM_CPUS_PER_TASK=8", 4, ProcessorLimit.ControlGroup)]
    [InlineData(16, "max 100000", "SLURM_CPUS_PER_TASK=8", 8, ProcessorLimit.Slurm)]
    [InlineData(4, "400000 100000", "SLURM_CPUS_PER_TASK=4", 4, ProcessorLimit.Affinity)]
    [InlineData(4, "max 100000", "SLURM_CPUS_PER_TASK=8", 4, ProcessorLimit.Affinity)]
    [InlineData(16, "max 100000", "SLURM_CPUS_PER_TASK=0", 1, ProcessorLimit.Slurm)]
    [InlineData(0, "max 100000", "", 1, ProcessorLimit.Affinity)]
    internal void The_tightest_limit_is_named(int allowed, string quota, string slurm, int expected, ProcessorLimit limit)
    {
        using var machine = new MachineFolder().WithVersionTwo("/job").With("/sys/fs/cgroup/job/cpu.max", quota);
        SlurmEnvironment environment = SlurmEnvironment.Read(
            SlurmVariablesOf.With(slurm.Length > 0 ? SlurmVariablesOf.Task : "", slurm), "here");
        Assert.Equal(new AvailableProcessors(expected, limit), ProcessorBudget.Available(allowed, environment, machine.Files));
    }
}
