using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Formats;

namespace LlamaEngine.Benchmarks.Gpu;

/// <summary>The linear layers of a transformer layer, for few rows (decoding) and for many (prefill).</summary>
internal static class LinearRates
{
    private static readonly TensorType[] s_types =
        [TensorType.F32, TensorType.F16, TensorType.BF16, TensorType.Q8_0, TensorType.Q4_0, TensorType.Q4_K, TensorType.Q6_K];

    /// <summary>Every layer by itself, and after them their sum.</summary>
    public static IEnumerable<Measurement> Measure(GpuRig rig, ModelShape model)
    {
        int[] few = rig.Quick ? [1, 8] : [1, 4, 8], many = rig.Quick ? [17] : [16, 64, 512, 2048];
        foreach (TensorType type in s_types)
        {
            LinearKernels kernels = LinearKernels.Resolve(rig.Kernels, type);
            foreach (int rows in (int[])[.. few, .. many])
            {
                bool isFew = rows <= LinearKernels.RowsOfFew;
                List<Measurement> layers = [];
                foreach ((string name, int inputs, int outputs) in model.LinearLayers)
                    layers.Add(Measure(rig, kernels, $"{model.Name} {name}, {type}, {rows} rows", inputs, outputs, rows, isFew));
                foreach (Measurement layer in layers)
                    yield return layer with { IsPart = true };
                yield return Measurement.Sum(isFew ? "linear_few" : "linear_many", $"{model.Name} all of a layer, {type}, {rows} rows", layers);
            }
        }
    }

    private static Measurement Measure(GpuRig rig, LinearKernels kernels, string name, int inputs, int outputs, int rows, bool few)
    {
        long rowBytes = kernels.Type.ByteLength(inputs), bytes = rowBytes * outputs;
        ulong[] weights = rig.AllocateRotated(bytes, kernels.Type);
        ulong input = rig.Allocate(4L * rows * inputs, TensorType.F32), output = rig.Allocate(4L * rows * outputs, TensorType.F32);
        int stride = LinearKernels.RoundedStride(inputs);
        RoundedRows rounded = new(rig.Allocate(2L * rows * stride, TensorType.F16), rig.Allocate(4L * rows, TensorType.F32));
        double seconds = rig.Time(weights.Length, rotation =>
        {
            LinearArguments arguments = new()
            {
                Weight = weights[rotation],
                Input = input,
                Output = output,
                RowBytes = rowBytes,
                InputStride = inputs,
                OutputStride = outputs,
                Inputs = inputs,
                Outputs = outputs,
                Rows = rows,
            };
            kernels.Multiply(rig.Stream, arguments, rounded, batchInvariant: !few);
        });
        rig.Free();
        double operations = 2.0 * rows * inputs * outputs;
        return few ? new Measurement("linear_few", name, seconds, bytes) : new Measurement("linear_many", name, seconds, Operations: operations);
    }
}
