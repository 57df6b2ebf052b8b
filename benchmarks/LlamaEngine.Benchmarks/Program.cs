using System.Globalization;
using LlamaEngine.Benchmarks;

// --kernel linear [--type TYPE,…] | attention | scheduler; of one run: --threads N --level NAME
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
BenchmarkArguments arguments = BenchmarkArguments.Parse(args);
switch (arguments.Kernel)
{
    case "linear":
        LinearBenchmark.Run(arguments);
        return 0;
    case "attention":
        AttentionBenchmark.Run(arguments);
        return 0;
    case "scheduler":
        await SchedulerBenchmark.RunAsync();
        return 0;
    default:
        Console.Error.WriteLine("Usage: LlamaEngine.Benchmarks --kernel linear|attention|scheduler [--threads N] [--level Avx512|…] [--type Q4_0,…]");
        return 2;
}
