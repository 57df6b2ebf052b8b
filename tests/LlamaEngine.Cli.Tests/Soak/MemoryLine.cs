namespace LlamaEngine.Cli.Tests.Soak;

/// <summary>Measurements of a memory over time, and the straight line through those behind the first fifth, in which a process warms up.</summary>
internal sealed class MemoryLine
{
    private readonly List<(double Time, double Bytes)> _samples = [];

    /// <summary>Takes a measurement; times ascend.</summary>
    public void Add(double time, double bytes) => _samples.Add((time, bytes));

    /// <summary>Bytes that the line rises from its first to its last measurement; 0 without two of them.</summary>
    public double Growth
    {
        get
        {
            (double Time, double Bytes)[] warm = [.. _samples.Skip(_samples.Count / 5)];
            if (warm.Length < 2)
                return 0;
            double time = warm.Average(one => one.Time), bytes = warm.Average(one => one.Bytes);
            double slope = warm.Sum(one => (one.Time - time) * (one.Bytes - bytes)) / warm.Sum(one => (one.Time - time) * (one.Time - time));
            return slope * (warm[^1].Time - warm[0].Time);
        }
    }

    /// <summary>The growth, and every so many measurements one, in MiB.</summary>
    public override string ToString() =>
        $"{Growth / (1 << 20):F1} MiB growth: {string.Join(' ', _samples.Where((_, i) => i % Math.Max(1, _samples.Count / 40) == 0).Select(one => $"{one.Bytes / (1 << 20):F0}"))}";
}
