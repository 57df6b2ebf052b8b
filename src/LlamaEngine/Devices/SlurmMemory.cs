using System.Globalization;

namespace LlamaEngine.Devices;

/// <summary>The memory that a SLURM job may use on its node, as srun and sbatch tell the processes of the job.</summary>
/// <remarks>
/// Asked for by node (<c>--mem</c>) or by processor (<c>--mem-per-cpu</c>); by GPU is not read, the job's control group has it.
/// Whoever asked for 0 has the whole node. What is malformed limits nothing. See the environment variables in sbatch(1).
/// </remarks>
internal static class SlurmMemory
{
    private const string Units = "KMGT";

    /// <summary>Bytes of the job on this node; null if there is no job, or none with a limit.</summary>
    /// <param name="variable">Gives an environment variable, null where it is not set.</param>
    public static long? LimitBytes(Func<string, string?> variable)
    {
        long? bytes = ParseBytes(variable("SLURM_MEM_PER_NODE")) ?? PerProcessor(variable);
        return bytes > 0 ? bytes : null;
    }

    private static long? PerProcessor(Func<string, string?> variable)
    {
        long? processors = ParseProcessors(variable("SLURM_CPUS_ON_NODE")) ?? ParseProcessors(variable("SLURM_JOB_CPUS_PER_NODE"));
        return ParseBytes(variable("SLURM_MEM_PER_CPU")) is { } bytes && processors is { } count && bytes <= long.MaxValue / count
            ? bytes * count
            : null;
    }

    /// <summary>An amount such as <c>4096</c> (megabytes) or <c>16G</c>, in bytes.</summary>
    internal static long? ParseBytes(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return null;
        int unit = Units.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal);
        string digits = unit < 0 ? text : text[..^1];
        int shift = 10 * (unit < 0 ? 2 : unit + 1);
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value <= long.MaxValue >> shift
            ? value << shift
            : null;
    }

    /// <summary>
    /// Processors by node, such as <c>16</c>, or <c>40(x3),16</c> for three nodes with 40 and one with 16. Which of them this one
    /// is, is not said, so the fewest count: rather too little than killed.
    /// </summary>
    private static long? ParseProcessors(string? text)
    {
        long? fewest = null;
        foreach (string nodes in text?.Split(',') ?? [])
        {
            string count = nodes.EndsWith(')') ? nodes.Split("(x", 2)[0] : nodes;
            if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int processors) || processors == 0)
                return null;
            fewest = Math.Min(fewest ?? processors, processors);
        }
        return fewest;
    }
}
