using LlamaEngine.Devices;

namespace LlamaEngine.Tests.Devices;

public class SlurmEnvironmentTests
{
    private const string Host = "here";

    [Fact]
    public void Outside_of_slurm_a_process_is_alone_and_nothing_is_wrong()
    {
        SlurmEnvironment slurm = Read("");
        Assert.Equal((0, 1, 0, Host, false), (slurm.Rank, slurm.WorldSize, slurm.LocalRank, slurm.Node, slurm.InStep));
        Assert.Equal([Host], slurm.Nodes);
        Assert.Empty(slurm.Problems);
        Assert.Null(slurm.Processors);
        Assert.Null(slurm.JobId);
    }

    [Fact]
    public void A_task_of_a_step_knows_its_place()
    {
        SlurmEnvironment slurm = Read(SlurmVariablesOf.Task);
        Assert.Equal((3, 6, 1, "node2", true), (slurm.Rank, slurm.WorldSize, slurm.LocalRank, slurm.Node, slurm.InStep));
        Assert.Equal(["node1", "node2", "node3"], slurm.Nodes);
        Assert.Equal([2, 2, 2], slurm.TasksPerNode);
        Assert.Equal((1, 2, 2, "0,1", 2), (slurm.NodeIndex, slurm.TasksOnNode, slurm.GpusOnNode, slurm.GpuLabels, slurm.ProcessorsOnNode));
        Assert.Equal(1, slurm.Processors);
        Assert.Empty(slurm.Problems);
    }

    [Fact]
    public void Nodes_may_run_different_numbers_of_tasks()
    {
        SlurmEnvironment slurm = Read(SlurmVariablesOf.Uneven);
        Assert.Equal((2, 3, 0, "node2"), (slurm.Rank, slurm.WorldSize, slurm.LocalRank, slurm.Node));
        Assert.Equal([2, 1], slurm.TasksPerNode);
        Assert.Equal((1, 1), (slurm.TasksOnNode, slurm.Processors));
        Assert.Empty(slurm.Problems);
    }

    [Fact]
    public void A_batch_script_is_alone_on_its_nodes()
    {
        SlurmEnvironment slurm = Read(SlurmVariablesOf.Batch);
        Assert.Equal((0, 1, 0, "node1", false), (slurm.Rank, slurm.WorldSize, slurm.LocalRank, slurm.Node, slurm.InStep));
        Assert.Equal(["node1", "node2", "node3"], slurm.Nodes);
        Assert.Equal([2, 2, 2], slurm.TasksPerNode);
        Assert.Equal((null, 2, 500L << 20), (slurm.TasksOnNode, slurm.Processors, slurm.MemoryBytes));
        Assert.Empty(slurm.Problems);
    }

    // rank/size/local rank/node/nodes, and the variable that a problem names.
    [Theory]
    // Nothing wrong.
    [InlineData("", "3/6/1/node2/3", null)]
    [InlineData("-SLURM_STEP_NUM_TASKS", "3/6/1/node2/3", null)]
    [InlineData("-SLURM_NODEID", "3/6/1/node2/3", null)]
    [InlineData("-SLURMD_NODENAME", "3/6/1/node2/3", null)]
    [InlineData("-SLURM_STEP_NODELIST", "3/6/1/node2/3", null)]
    [InlineData("-SLURM_STEP_TASKS_PER_NODE", "3/6/1/node2/3", null)]
    [InlineData("SLURM_NTASKS=99", "3/6/1/node2/3", null)]
    [InlineData("SLURM_NTASKS=nonsense", "3/6/1/node2/3", null)]
    [InlineData("SLURM_JOB_NODELIST=node[1-9]", "3/6/1/node2/3", null)]
    [InlineData("SLURM_STEP_ID=17", "3/6/1/node2/3", null)]
    [InlineData("SLURM_PROCID=5", "5/6/1/node2/3", null)]
    [InlineData("SLURM_LOCALID=0", "3/6/0/node2/3", null)]
    [InlineData("SLURM_STEP_GPUS=GPU-x,7", "3/6/1/node2/3", null)]
    [InlineData("SLURM_GPUS_ON_NODE=0", "3/6/1/node2/3", null)]
    [InlineData("SLURM_PROCID=", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_STEP_NUM_TASKS=", "3/6/1/node2/3", null)]
    // Steps of SLURM's own are none.
    [InlineData("SLURM_STEP_ID=4294967291", "0/1/0/node2/3", null)]
    [InlineData("SLURM_STEP_ID=4294967290", "0/1/0/node2/3", null)]
    [InlineData("SLURM_STEP_ID=hello", "3/6/1/node2/3", null)]
    // Malformed numbers.
    [InlineData("-SLURM_PROCID", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_PROCID=-1", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_PROCID=+3", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_PROCID= 3", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_PROCID=3.0", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_PROCID=0x3", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_PROCID=three", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_PROCID=٣", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_PROCID=2147483648", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_PROCID=99999999999999999999999999", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_PROCID=\u001b[31m3", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_PROCID=3;reboot", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_STEP_NUM_TASKS=0", "0/1/0/node2/3", "SLURM_STEP_NUM_TASKS")]
    [InlineData("SLURM_STEP_NUM_TASKS=-6", "0/1/0/node2/3", "SLURM_STEP_NUM_TASKS")]
    [InlineData("SLURM_STEP_NUM_TASKS=six", "0/1/0/node2/3", "SLURM_STEP_NUM_TASKS")]
    [InlineData("-SLURM_LOCALID", "3/6/0/node2/3", "SLURM_LOCALID")]
    [InlineData("SLURM_LOCALID=-1", "3/6/0/node2/3", "SLURM_LOCALID")]
    [InlineData("SLURM_LOCALID=one", "3/6/0/node2/3", "SLURM_LOCALID")]
    [InlineData("SLURM_NODEID=x", "3/6/1/node2/3", "SLURM_NODEID")]
    [InlineData("SLURM_GPUS_ON_NODE=many", "3/6/1/node2/3", "SLURM_GPUS_ON_NODE")]
    [InlineData("SLURM_GPUS_ON_NODE=-1", "3/6/1/node2/3", "SLURM_GPUS_ON_NODE")]
    [InlineData("SLURM_CPUS_PER_TASK=0", "3/6/1/node2/3", "SLURM_CPUS_PER_TASK")]
    [InlineData("SLURM_CPUS_ON_NODE=4(x2)", "3/6/1/node2/3", "SLURM_CPUS_ON_NODE")]
    [InlineData("SLURM_MEM_PER_NODE=lots", "3/6/1/node2/3", "SLURM_MEM_PER_NODE")]
    [InlineData("SLURM_MEM_PER_CPU=9999999999999T", "3/6/1/node2/3", "SLURM_MEM_PER_CPU")]
    // Malformed lists.
    [InlineData("SLURM_STEP_NODELIST=node[1-", "3/6/1/node2/1", "SLURM_STEP_NODELIST")]
    [InlineData("SLURM_STEP_NODELIST=node[3-1]", "3/6/1/node2/1", "SLURM_STEP_NODELIST")]
    [InlineData("SLURM_STEP_NODELIST=node[1-999999999]", "3/6/1/node2/1", "SLURM_STEP_NODELIST")]
    [InlineData("SLURM_STEP_NODELIST=(null)", "3/6/1/node2/1", "SLURMD_NODENAME")]
    [InlineData("SLURM_STEP_TASKS_PER_NODE=2(x3", "3/6/1/node2/3", "SLURM_STEP_TASKS_PER_NODE")]
    [InlineData("SLURM_STEP_TASKS_PER_NODE=2(x9999999999)", "3/6/1/node2/3", "SLURM_STEP_TASKS_PER_NODE")]
    // Contradictions.
    [InlineData("SLURM_PROCID=6", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_STEP_NUM_TASKS=3", "0/1/0/node2/3", "SLURM_PROCID")]
    [InlineData("SLURM_LOCALID=2", "3/6/2/node2/3", "SLURM_LOCALID")]
    [InlineData("SLURM_NODEID=3", "3/6/1/node2/3", "SLURM_NODEID")]
    [InlineData("SLURM_NODEID=0", "3/6/1/node2/3", "SLURM_NODEID")]
    [InlineData("SLURMD_NODENAME=elsewhere", "3/6/1/elsewhere/3", "SLURMD_NODENAME")]
    [InlineData("SLURM_STEP_TASKS_PER_NODE=2(x2)", "3/6/1/node2/3", "3 nodes")]
    [InlineData("SLURM_STEP_TASKS_PER_NODE=2(x2),1", "3/6/1/node2/3", "6 tasks")]
    public void Variables_of_a_task_may_be_changed(string change, string expected, string? problem)
    {
        SlurmEnvironment slurm = Read(SlurmVariablesOf.Task, change);
        Assert.Equal(expected, $"{slurm.Rank}/{slurm.WorldSize}/{slurm.LocalRank}/{slurm.Node}/{slurm.Nodes.Length}");
        if (problem is null)
            Assert.Empty(slurm.Problems);
        else
            Assert.Contains(slurm.Problems, found => found.What.Contains(problem, StringComparison.Ordinal) && found.Remedy.Length > 0);
        Assert.All(slurm.Problems, found => Assert.DoesNotContain(found.What, char.IsControl));
    }

    // Containers and wrappers pass on some variables only.
    [Theory]
    [InlineData("SLURM_PROCID=3\nSLURM_NTASKS=8\nSLURM_LOCALID=1", "3/8/1/here", true)]
    [InlineData("SLURM_PROCID=0\nSLURM_NTASKS=8\nSLURM_LOCALID=0", "0/8/0/here", true)]
    [InlineData("SLURM_PROCID=1\nSLURM_NPROCS=2\nSLURM_LOCALID=1", "1/2/1/here", true)]
    [InlineData("SLURM_JOB_ID=7\nSLURM_PROCID=3\nSLURM_NTASKS=8\nSLURM_LOCALID=1", "3/8/1/here", true)]
    [InlineData("SLURM_JOB_ID=7\nSLURM_PROCID=0\nSLURM_NTASKS=8\nSLURM_LOCALID=0", "0/1/0/here", false)]
    [InlineData("SLURM_JOBID=7", "0/1/0/here", false)]
    [InlineData("SLURM_NTASKS=8", "0/1/0/here", false)]
    [InlineData("SLURM_JOB_ID=7\nSLURMD_NODENAME=n7", "0/1/0/n7", false)]
    [InlineData("SLURM_JOB_ID=7\nSLURM_NODELIST=n[6-7]\nSLURM_NODEID=1", "0/1/0/n7", false)]
    [InlineData("SLURM_JOB_ID=7\nSLURM_JOB_NODELIST=n[6-7]", "0/1/0/here", false)]
    public void A_few_variables_are_enough(string environment, string expected, bool inStep)
    {
        SlurmEnvironment slurm = Read(environment);
        Assert.Equal(expected, $"{slurm.Rank}/{slurm.WorldSize}/{slurm.LocalRank}/{slurm.Node}");
        Assert.Equal(inStep, slurm.InStep);
        Assert.Empty(slurm.Problems);
    }

    [Theory]
    [InlineData("SLURM_CPUS_PER_TASK=4", 4)]
    [InlineData("SLURM_CPUS_ON_NODE=9", 4)]
    [InlineData("SLURM_CPUS_ON_NODE=1", 1)]
    [InlineData("-SLURM_CPUS_ON_NODE", 1)]
    [InlineData("-SLURM_CPUS_ON_NODE;SLURM_JOB_CPUS_PER_NODE=4,16,8", 8)]
    [InlineData("-SLURM_CPUS_ON_NODE;SLURM_JOB_CPUS_PER_NODE=4(x2)", 2)]
    [InlineData("-SLURM_CPUS_ON_NODE;-SLURM_JOB_CPUS_PER_NODE", null)]
    [InlineData("-SLURM_CPUS_ON_NODE;SLURM_JOB_CPUS_PER_NODE=many", null)]
    [InlineData("SLURM_CPUS_ON_NODE=16;-SLURM_STEP_TASKS_PER_NODE;-SLURM_TASKS_PER_NODE", 16)]
    public void A_task_has_its_share_of_the_processors(string changes, int? expected) =>
        Assert.Equal(expected, Read(SlurmVariablesOf.Task, changes.Split(';')).Processors);

    [Theory]
    [InlineData("SLURM_STEP_GPUS=2,3", "2,3")]
    [InlineData("-SLURM_STEP_GPUS", null)]
    [InlineData("-SLURM_STEP_GPUS;SLURM_JOB_GPUS=5", "5")]
    [InlineData("SLURM_STEP_GPUS=1;SLURM_JOB_GPUS=0,1", "1")]
    [InlineData("SLURM_STEP_GPUS=banana", "banana")]
    public void Labels_of_gpus_are_text(string changes, string? expected) =>
        Assert.Equal(expected, Read(SlurmVariablesOf.Task, changes.Split(';')).GpuLabels);

    [Fact]
    public void A_megabyte_in_any_variable_is_read_soon_and_quoted_in_part()
    {
        string[] names = [.. SlurmVariablesOf.Task.Split('\n').Select(line => line.Split('=')[0])];
        foreach (string name in names)
        {
            SlurmEnvironment slurm = Read(SlurmVariablesOf.Task, $"{name}={new string('[', 1 << 20)}");
            Assert.All(slurm.Problems, problem => Assert.InRange(problem.What.Length, 1, 400));
        }
    }

    private static SlurmEnvironment Read(string environment, params ReadOnlySpan<string> changes) =>
        SlurmEnvironment.Read(SlurmVariablesOf.With(environment, changes), Host);
}
