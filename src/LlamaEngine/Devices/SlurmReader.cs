using System.Collections.Immutable;
using System.Globalization;

namespace LlamaEngine.Devices;

/// <summary>Puts SLURM's variables together, and checks them against each other: see the environment variables in srun(1) and sbatch(1).</summary>
/// <param name="variable">Gives an environment variable, null where it is not set.</param>
/// <param name="host">This machine's name.</param>
internal sealed class SlurmReader(Func<string, string?> variable, string host)
{
    // Steps that are none: numbers from here up stand for the batch script, the interactive shell and others of SLURM's own.
    private const uint FirstSpecialStep = 0xFFFF_FFF0;

    private readonly SlurmVariables _variables = new(variable);
    private bool _nodesAreListed;

    /// <summary>Everything that is known.</summary>
    public SlurmEnvironment Read()
    {
        string? job = _variables.Text("SLURM_JOB_ID", "SLURM_JOBID")?.Value;
        bool inStep = IsInStep(job is not null);
        SlurmEnvironment facts = new() { Node = host, Nodes = [host], JobId = job, InStep = inStep };
        if (job is null && !inStep)
            return facts;
        facts = WithResources(WithNodes(facts));
        if (inStep)
            facts = WithTask(facts);
        return facts with { Problems = _variables.Problems };
    }

    // In a batch script SLURM_PROCID and SLURM_NTASKS are set as well, to 0 and to what srun would start by itself.
    private bool IsInStep(bool inJob)
    {
        if (_variables.Text("SLURM_STEP_ID", "SLURM_STEPID") is var (_, step))
            return !uint.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) || number < FirstSpecialStep;
        return _variables.Text("SLURM_PROCID") is var (_, rank) && (!inJob || rank != "0");
    }

    private SlurmEnvironment WithNodes(SlurmEnvironment facts)
    {
        ImmutableArray<string> nodes = facts.InStep
            ? _variables.Hosts("SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST")
            : _variables.Hosts("SLURM_JOB_NODELIST", "SLURM_NODELIST");
        string? name = _variables.Text("SLURMD_NODENAME")?.Value;
        int? index = _variables.Number(0, "SLURM_NODEID");
        _nodesAreListed = !nodes.IsEmpty;
        if (!_nodesAreListed)
            return facts with { Node = name ?? host, Nodes = [name ?? host], NodeIndex = index };
        if (index >= nodes.Length)
        {
            _variables.Add($"SLURM_NODEID is {index}, but the list of nodes has {nodes.Length}.");
            index = null;
        }
        return facts with { Node = name ?? (index is { } i ? nodes[i] : host), Nodes = nodes, NodeIndex = Reconcile(nodes, name, index) };
    }

    // Number and name of the node say the same, or the number is not used.
    private int? Reconcile(ImmutableArray<string> nodes, string? name, int? index)
    {
        if (name is null)
            return index;
        int found = nodes.IndexOf(name);
        if (found < 0)
            _variables.Add($"SLURMD_NODENAME is {DeviceProblem.Quote(name)}, which is not in the list of nodes.");
        else if (index is { } given && nodes[given] != name)
            _variables.Add($"SLURM_NODEID is {index}, which is {DeviceProblem.Quote(nodes[given])}, but SLURMD_NODENAME is {DeviceProblem.Quote(name)}.");
        else
            return index ?? found;
        return null;
    }

    private SlurmEnvironment WithResources(SlurmEnvironment facts)
    {
        _variables.CheckMemory("SLURM_MEM_PER_NODE", "SLURM_MEM_PER_CPU");
        return facts with
        {
            TasksPerNode = TasksPerNode(facts),
            GpusOnNode = _variables.Number(0, "SLURM_GPUS_ON_NODE"),
            GpuLabels = _variables.Text("SLURM_STEP_GPUS", "SLURM_JOB_GPUS")?.Value,
            ProcessorsPerTask = _variables.Number(1, "SLURM_CPUS_PER_TASK"),
            MemoryBytes = SlurmMemory.LimitBytes(variable),
            ProcessorsOnNode = _variables.Number(1, "SLURM_CPUS_ON_NODE") ?? OfJobOnNode(facts),
        };
    }

    // The numbers follow the nodes of the job, of which the step may have fewer.
    private int? OfJobOnNode(SlurmEnvironment facts)
    {
        ImmutableArray<int> counts = _variables.Counts("SLURM_JOB_CPUS_PER_NODE");
        ImmutableArray<string> nodes = facts.InStep ? _variables.Hosts("SLURM_JOB_NODELIST", "SLURM_NODELIST") : facts.Nodes;
        int index = nodes.IndexOf(facts.Node);
        return index >= 0 && counts.Length == nodes.Length ? counts[index] : counts.IsEmpty ? null : counts.Min();
    }

    private ImmutableArray<int> TasksPerNode(SlurmEnvironment facts)
    {
        ImmutableArray<int> counts = facts.InStep
            ? _variables.Counts("SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE")
            : _variables.Counts("SLURM_TASKS_PER_NODE");
        if (!_nodesAreListed || counts.IsEmpty || counts.Length == facts.Nodes.Length)
            return counts;
        _variables.Add($"SLURM names {facts.Nodes.Length} nodes, but says how many tasks run on {counts.Length}.");
        return [];
    }

    private SlurmEnvironment WithTask(SlurmEnvironment facts)
    {
        int? rank = _variables.Number(0, "SLURM_PROCID");
        int? size = _variables.Number(1, "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_NPROCS");
        if (rank is null && _variables.Text("SLURM_PROCID") is null)
            _variables.Add("SLURM_PROCID is not set in a job step: this process counts as rank 0 of 1.");
        if (rank >= (size ?? 1))
        {
            string tasks = size is null ? "nothing says how many tasks there are" : $"the step has {size} tasks";
            _variables.Add($"SLURM_PROCID is {rank}, but {tasks}: this process counts as rank 0 of 1.");
            rank = null;
        }
        if (rank is null)
            return facts;
        CheckTasks(facts, size);
        return facts with { Rank = rank.Value, WorldSize = size ?? 1, LocalRank = LocalRank(facts, size ?? 1) };
    }

    private void CheckTasks(SlurmEnvironment facts, int? size)
    {
        long sum = facts.TasksPerNode.Sum(tasks => (long)tasks);
        if (size is { } tasks && !facts.TasksPerNode.IsEmpty && sum != tasks)
            _variables.Add($"The step has {tasks} tasks, but those of its nodes are {sum}.");
    }

    private int LocalRank(SlurmEnvironment facts, int size)
    {
        int? rank = _variables.Number(0, "SLURM_LOCALID");
        if (rank is null && size > 1 && _variables.Text("SLURM_LOCALID") is null)
            _variables.Add("SLURM_LOCALID is not set: this process counts as the first of its node, as others may.");
        if (rank >= (facts.TasksOnNode ?? size))
            _variables.Add($"SLURM_LOCALID is {rank}, but {facts.TasksOnNode ?? size} tasks run on this node.");
        return rank ?? 0;
    }
}
