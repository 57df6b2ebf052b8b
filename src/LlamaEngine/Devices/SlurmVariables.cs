using System.Collections.Immutable;
using System.Globalization;

namespace LlamaEngine.Devices;

/// <summary>Reads SLURM's variables one by one and collects what is wrong with them.</summary>
/// <param name="variable">Gives an environment variable, null where it is not set.</param>
internal sealed class SlurmVariables(Func<string, string?> variable)
{
    private const string AskSlurm = "Unset it, or start the process with srun, which sets it.";

    private readonly ImmutableArray<DeviceProblem>.Builder _problems = ImmutableArray.CreateBuilder<DeviceProblem>();

    /// <summary>What was wrong so far.</summary>
    public ImmutableArray<DeviceProblem> Problems => _problems.ToImmutable();

    /// <summary>The first of several variables that is set and not empty, with its name.</summary>
    public (string Name, string Value)? Text(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (variable(name) is { Length: > 0 } value)
                return (name, value);
        }
        return null;
    }

    /// <summary>The first of several variables that is set, as a number of at least <paramref name="least"/>; null where it is none.</summary>
    public int? Number(int least, params ReadOnlySpan<string> names)
    {
        if (Text(names) is not var (name, value))
            return null;
        if (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= least)
            return number;
        Add(name, value, $"not a whole number from {least} to {int.MaxValue}");
        return null;
    }

    /// <summary>The first of several variables that is set, as a number for each node; empty where it is none.</summary>
    public ImmutableArray<int> Counts(params ReadOnlySpan<string> names)
    {
        if (Text(names) is not var (name, value))
            return [];
        if (!NodeCounts.TryParse(value, out ImmutableArray<int> counts))
            Add(name, value, "not a list such as 2(x3),1");
        return counts;
    }

    /// <summary>The first of several variables that is set, as names of hosts; empty where it is none.</summary>
    public ImmutableArray<string> Hosts(params ReadOnlySpan<string> names)
    {
        if (Text(names) is not var (name, value))
            return [];
        try
        {
            return HostList.Expand(value);
        }
        catch (HostListException exception)
        {
            Add(name, value, $"not a list of hosts: it has {exception.Message}");
            return [];
        }
    }

    /// <summary>Notes memory that SLURM would not write so.</summary>
    public void CheckMemory(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            if (Text(name) is var (_, value) && SlurmMemory.ParseBytes(value) is null)
                Add(name, value, "not an amount of memory such as 4096 or 16G, and limits nothing");
        }
    }

    /// <summary>Notes a contradiction.</summary>
    public void Add(string what) =>
        Add(new DeviceProblem(what, "Start the process with srun, and let nothing change SLURM's variables in between."));

    private void Add(string name, string value, string fault) =>
        Add(new DeviceProblem($"{name} is {DeviceProblem.Quote(value)}, {fault}.", AskSlurm));

    // A variable may be asked for more than once.
    private void Add(DeviceProblem problem)
    {
        if (!_problems.Contains(problem))
            _problems.Add(problem);
    }
}
