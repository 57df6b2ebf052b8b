namespace LlamaEngine.Tests.Devices;

/// <summary>Environments of processes, written as lines of NAME=VALUE.</summary>
internal static class SlurmVariablesOf
{
    /// <summary>The fourth of six tasks on three nodes, started by srun -N3 --ntasks-per-node=2 --gres=gpu:2; recorded with SLURM 22.05.</summary>
    public const string Task = """
        CUDA_VISIBLE_DEVICES=0,1
        SLURMD_NODENAME=node2
        SLURM_CPUS_ON_NODE=2
        SLURM_GPUS_ON_NODE=2
        SLURM_JOB_CPUS_PER_NODE=2(x3)
        SLURM_JOB_ID=1
        SLURM_JOB_NODELIST=node[1-3]
        SLURM_LOCALID=1
        SLURM_NODEID=1
        SLURM_NODELIST=node[1-3]
        SLURM_NPROCS=6
        SLURM_NTASKS=6
        SLURM_PROCID=3
        SLURM_STEP_GPUS=0,1
        SLURM_STEP_ID=0
        SLURM_STEP_NODELIST=node[1-3]
        SLURM_STEP_NUM_TASKS=6
        SLURM_STEP_TASKS_PER_NODE=2(x3)
        SLURM_TASKS_PER_NODE=2(x3)
        """;

    /// <summary>The last of three tasks, started by srun -N2 -n3 --gres=gpu:1; recorded with SLURM 22.05.</summary>
    public const string Uneven = """
        CUDA_VISIBLE_DEVICES=0
        SLURMD_NODENAME=node2
        SLURM_CPUS_ON_NODE=1
        SLURM_GPUS_ON_NODE=1
        SLURM_JOB_CPUS_PER_NODE=2,1
        SLURM_JOB_ID=2
        SLURM_JOB_NODELIST=node[1-2]
        SLURM_LOCALID=0
        SLURM_NODEID=1
        SLURM_NTASKS=3
        SLURM_PROCID=2
        SLURM_STEP_GPUS=0
        SLURM_STEP_ID=0
        SLURM_STEP_NODELIST=node[1-2]
        SLURM_STEP_NUM_TASKS=3
        SLURM_STEP_TASKS_PER_NODE=2,1
        """;

    /// <summary>A batch script, submitted by sbatch -N3 --ntasks-per-node=2 --gres=gpu:2 --mem=500; recorded with SLURM 22.05.</summary>
    public const string Batch = """
        CUDA_VISIBLE_DEVICES=0,1
        SLURMD_NODENAME=node1
        SLURM_CPUS_ON_NODE=2
        SLURM_GPUS_ON_NODE=2
        SLURM_JOB_CPUS_PER_NODE=2(x3)
        SLURM_JOB_GPUS=0,1
        SLURM_JOB_ID=4
        SLURM_JOB_NODELIST=node[1-3]
        SLURM_LOCALID=0
        SLURM_MEM_PER_NODE=500
        SLURM_NODEID=0
        SLURM_NODELIST=node[1-3]
        SLURM_NPROCS=6
        SLURM_NTASKS=6
        SLURM_PROCID=0
        SLURM_TASKS_PER_NODE=2(x3)
        """;

    /// <summary>Gives the variables of an environment with others put over it: NAME=VALUE, or -NAME for one that is not set.</summary>
    public static Func<string, string?> With(string environment, params ReadOnlySpan<string> changes)
    {
        Dictionary<string, string> variables = [];
        foreach (string line in environment.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            variables[line.Split('=', 2)[0]] = line.Split('=', 2)[1].TrimEnd('\r');
        foreach (string change in changes)
        {
            if (change.StartsWith('-'))
                variables.Remove(change[1..]);
            else if (change.Length > 0)
                variables[change.Split('=', 2)[0]] = change.Split('=', 2)[1];
        }
        return name => variables.GetValueOrDefault(name);
    }
}
