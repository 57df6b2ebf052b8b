using System.Globalization;
using LlamaEngine.Backends.Cpu;

namespace LlamaEngine.Benchmarks;

/// <summary>What to time and how.</summary>
internal sealed record BenchmarkArguments(string Kernel, int Threads, CpuInstructionSet Level, TensorType[] Types, string Model, int Chunks)
{
    /// <summary>Reads <c>--name value</c> pairs; unknown names are ignored.</summary>
    public static BenchmarkArguments Parse(string[] args)
    {
        string Value(string name, string otherwise)
        {
            int at = Array.IndexOf(args, name);
            return at >= 0 && at + 1 < args.Length ? args[at + 1] : otherwise;
        }
        return new BenchmarkArguments(
            Value("--kernel", ""),
            int.Parse(Value("--threads", "2"), CultureInfo.InvariantCulture),
            Enum.Parse<CpuInstructionSet>(Value("--level", nameof(CpuInstructionSet.Avx512)), ignoreCase: true),
            [.. Value("--type", "Q4_0,Q4_1,Q8_0,Q4_K,Q6_K,F16,BF16").Split(',').Select(type => Enum.Parse<TensorType>(type, ignoreCase: true))],
            Value("--model", "assets/lexicon-5m-q8_0.gguf"),
            int.Parse(Value("--chunks", "10000"), CultureInfo.InvariantCulture));
    }
}
