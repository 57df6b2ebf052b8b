using System.Globalization;
using LlamaEngine;
using LlamaEngine.Benchmarks;
using LlamaEngine.Benchmarks.Gpu;

// --kernel linear [--type TYPE,…] | attention | bandwidth | scheduler | structure [--model FILE] | retrieval [--model FILE] [--chunks N]; of one run: --threads N --level NAME
// --gpu [--quick] [--json FILE] [--commit C] [--kernels COMPILER]
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args.Contains("--gpu"))
{
    try
    {
        return GpuBenchmark.Run(GpuArguments.Parse(args));
    }
    catch (LlamaEngineException exception)
    {
        Console.Error.WriteLine(exception.Message);
        return 1;
    }
}
BenchmarkArguments arguments = BenchmarkArguments.Parse(args);
switch (arguments.Kernel)
{
    case "linear":
        LinearBenchmark.Run(arguments);
        return 0;
    case "attention":
        AttentionBenchmark.Run(arguments);
        return 0;
    case "bandwidth":
        BandwidthBenchmark.Run(arguments);
        return 0;
    case "scheduler":
        await SchedulerBenchmark.RunAsync();
        return 0;
    case "structure":
        StructureBenchmark.Run(arguments.Model);
        return 0;
    case "retrieval":
        await RetrievalBenchmark.RunAsync(arguments.Model, arguments.Chunks);
        return 0;
    default:
        Console.Error.WriteLine("Usage: LlamaEngine.Benchmarks --kernel linear|attention|bandwidth|scheduler|structure|retrieval [--model FILE] [--chunks N] [--threads N] [--level Avx512|…] [--type Q4_0,…]\n       LlamaEngine.Benchmarks --gpu [--quick] [--json FILE] [--commit C] [--kernels COMPILER]");
        return 2;
}
