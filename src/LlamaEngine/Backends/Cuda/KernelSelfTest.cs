using System.Collections.Immutable;
using LlamaEngine.Backends.Cpu;

namespace LlamaEngine.Backends.Cuda;

/// <summary>What running the kernels on a device showed.</summary>
/// <param name="Passed">Whether they computed what they should; null if they were not run.</param>
/// <param name="Detail">What was run, or why it was not, or what went wrong.</param>
internal sealed record SelfTestResult(bool? Passed, string Detail)
{
    /// <summary>One by one.</summary>
    public ImmutableArray<SelfTestCheck> Checks { get; init; } = [];
}

/// <summary>One thing that a device computed, beside what the processor computes.</summary>
/// <param name="Name">What.</param>
/// <param name="Passed">Whether they agree.</param>
/// <param name="WorstError">The largest difference, relative to the largest number; not a number where the device's is none.</param>
internal readonly record struct SelfTestCheck(string Name, bool Passed, double WorstError);

/// <summary>Runs the kernels on small inputs and compares with the processor.</summary>
internal static class KernelSelfTest
{
    /// <summary>Tests the kernels on a device.</summary>
    /// <param name="ordinal">Its place among the visible devices.</param>
    public static SelfTestResult Run(int ordinal)
    {
        try
        {
            using var device = new CudaBackend(new CudaOptions { Ordinal = ordinal });
            using var host = new CpuBackend(new CpuOptions { Threads = 1, QuantizedActivations = false });
            ImmutableArray<SelfTestCheck> checks = [.. SelfTestSubject.All.Select(subject => Compare(subject, host, device))];
            return Conclude(checks);
        }
        catch (LlamaEngineException exception)
        {
            return new SelfTestResult(false, exception.Message);
        }
    }

    private static SelfTestCheck Compare(SelfTestSubject subject, CpuBackend host, CudaBackend device)
    {
        float[] expected = subject.Compute(host), actual = subject.Compute(device);
        double largest = 0, worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            largest = Math.Max(largest, Math.Abs(expected[i]));
            worst = Math.Max(worst, Math.Abs((double)actual[i] - expected[i])); // NaN stays
        }
        double error = worst / largest;
        return new SelfTestCheck(subject.Name, error <= subject.Bound, error);
    }

    private static SelfTestResult Conclude(ImmutableArray<SelfTestCheck> checks)
    {
        var failed = checks.Where(check => !check.Passed).ToList();
        string detail = failed.Count > 0
            ? $"{failed.Count} of {checks.Length} checks failed: {string.Join(", ", failed.Select(check => $"{check.Name} (error {check.WorstError:G2})"))}"
            : $"{checks.Length} checks passed, the largest error was {checks.Max(check => check.WorstError):G2}";
        return new SelfTestResult(failed.Count == 0, detail) { Checks = checks };
    }
}
