namespace LlamaEngine.Benchmarks.Gpu;

/// <summary>What to measure on a GPU, and what to say about it.</summary>
/// <param name="Quick">Tiny sizes, once each: proves that everything runs, on the software device too; the figures mean nothing.</param>
/// <param name="Json">Where the figures go besides the table; null: nowhere.</param>
/// <param name="Commit">What was measured; empty: not known.</param>
/// <param name="Kernels">Which compiler made the kernels; empty: not known.</param>
internal sealed record GpuArguments(bool Quick, string? Json, string Commit, string Kernels)
{
    /// <summary>Reads <c>--quick</c> and <c>--name value</c> pairs.</summary>
    public static GpuArguments Parse(string[] args)
    {
        string? Value(string name)
        {
            int at = Array.IndexOf(args, name);
            return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
        }
        return new GpuArguments(args.Contains("--quick"), Value("--json"), Value("--commit") ?? "", Value("--kernels") ?? "");
    }
}
