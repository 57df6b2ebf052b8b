using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Formats;

namespace LlamaEngine.Benchmarks;

/// <summary>Linear layers of Llama 3.2 1B's shapes: gigabytes of weights a second for one row, billions of products for 512.</summary>
internal static unsafe class LinearBenchmark
{
    private static readonly (int Inputs, int Outputs)[] s_shapes = [(2048, 3072), (2048, 16384), (8192, 2048), (576, 960), (8192, 32)];

    public static void Run(BenchmarkArguments arguments)
    {
        foreach (TensorType type in arguments.Types)
        {
            foreach ((int inputs, int outputs) in s_shapes)
            {
                if (inputs % type.ValuesPerBlock() == 0)
                    Run(arguments, type, inputs, outputs);
            }
        }
    }

    private static void Run(BenchmarkArguments arguments, TensorType type, int inputs, int outputs)
    {
        using CpuBackend backend = new(new CpuOptions { Threads = arguments.Threads, MaxInstructionSet = arguments.Level });
        byte[] data = GC.AllocateUninitializedArray<byte>((int)type.ByteLength((long)inputs * outputs), pinned: true);
        new Random(1).NextBytes(data);
        // Halves between 2^-6 and 1: subnormal ones, rare in real weights, are slow on some processors.
        for (int i = 1; type == TensorType.F16 && i < data.Length; i += 2)
            data[i] = (byte)(data[i] & 0x97 | 0x28);
        // Enough copies that one row's weights come from memory and not from a cache.
        int copies = Math.Max(1, (int)(400_000_000L / data.Length));
        LinearWeight[] weights = new LinearWeight[copies];
        fixed (byte* pointer = data)
        {
            TensorData tensor = new(new TensorInfo("weight", type, [outputs, inputs], "", 0), pointer);
            for (int i = 0; i < copies; i++)
                weights[i] = backend.LoadLinear([tensor], [], default);
        }
        using Activations x = backend.Allocate(512, inputs), y = backend.Allocate(512, outputs);
        double one = Clock.Best(() =>
        {
            foreach (LinearWeight weight in weights)
                backend.Linear(weight, x, y, 1);
        }, arguments.Threads == 1) / copies;
        double many = Clock.Best(() => backend.Linear(weights[0], x, y, 512), arguments.Threads == 1);
        double few = Clock.Best(() => backend.Linear(weights[0], x, y, 4), arguments.Threads == 1);
        Console.WriteLine($"{type,-5} {inputs,5} -> {outputs,6}: 1 row {data.Length / one / 1e9,6:F1} GB/s ({one * 1e6,6:F0} us)   " +
            $"4 rows {few * 1e6,6:F0} us   512 rows {512e-9 * inputs * outputs / many,6:F0} GMAC/s ({many * 1e3:F2} ms)");
        foreach (LinearWeight weight in weights)
            weight.Dispose();
    }
}
