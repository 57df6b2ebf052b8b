using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Benchmarks.Gpu;

/// <summary>What works row by row: the norm, the activation, and drawing tokens.</summary>
internal static class RowRates
{
    // As below the kernel's source.
    private const int SampleThreads = 512;

    /// <summary>All cases of a model.</summary>
    public static IEnumerable<Measurement> Measure(GpuRig rig, ModelShape model)
    {
        RowKernels kernels = new(rig.Kernels);
        foreach (int rows in rig.Quick ? (int[])[3] : [1, 64, 2048])
        {
            yield return Norm(rig, kernels, model, rows);
            yield return SwiGlu(rig, kernels, model, rows);
        }
        foreach (int rows in rig.Quick ? (int[])[2] : [1, 16, 128])
        {
            yield return Sample(rig, model, rows, "greedy", new RowSampling { TopP = 1 });
            yield return Sample(rig, model, rows, "temperature 0.8", new RowSampling { Temperature = 0.8f, TopP = 1, Fraction = 0.5 });
            yield return Sample(rig, model, rows, "temperature 0.8, top-k 40, top-p 0.95", new RowSampling { Temperature = 0.8f, TopK = 40, TopP = 0.95f, Fraction = 0.5 });
            yield return Sample(rig, model, rows, "temperature 0.8, top-p 0.95", new RowSampling { Temperature = 0.8f, TopP = 0.95f, Fraction = 0.5 });
        }
    }

    private static Measurement Norm(GpuRig rig, RowKernels kernels, ModelShape model, int rows)
    {
        long bytes = 4L * rows * model.Hidden;
        ulong residual = rig.Allocate(bytes, TensorType.F32), delta = rig.Allocate(bytes, TensorType.F32), output = rig.Allocate(bytes, TensorType.F32);
        ulong weight = rig.Allocate(4L * model.Hidden, TensorType.F32);
        double seconds = rig.Time(1, _ => kernels.RmsNorm(rig.Stream, new RmsNormArguments
        {
            Residual = residual,
            Delta = delta,
            Weight = weight,
            Output = output,
            ResidualStride = model.Hidden,
            DeltaStride = model.Hidden,
            OutputStride = model.Hidden,
            Columns = model.Hidden,
            Rows = rows,
            Epsilon = 1e-5f,
        }));
        rig.Free();
        return new Measurement("rms_norm", $"{model.Name}, {rows} rows", seconds, 4.0 * bytes);
    }

    private static Measurement SwiGlu(GpuRig rig, RowKernels kernels, ModelShape model, int rows)
    {
        long bytes = 4L * rows * model.Inner;
        ulong gateUp = rig.Allocate(2 * bytes, TensorType.F32), output = rig.Allocate(bytes, TensorType.F32);
        double seconds = rig.Time(1, _ => kernels.SwiGlu(rig.Stream, new SwiGluArguments
        {
            GateUp = gateUp,
            Output = output,
            InputStride = 2 * model.Inner,
            OutputStride = model.Inner,
            Columns = model.Inner,
            Rows = rows,
        }));
        rig.Free();
        return new Measurement("swiglu", $"{model.Name}, {rows} rows", seconds, 3.0 * bytes);
    }

    // Logits are overwritten, so each run works on what the one before left: as many bytes, as many steps.
    private static Measurement Sample(GpuRig rig, ModelShape model, int rows, string name, RowSampling sampling)
    {
        int stride = (model.Vocabulary + 3) / 4 * 4;
        CudaKernel kernel = rig.Kernels.Get("sample");
        RowSampling[] all = [.. Enumerable.Range(0, rows).Select(row => sampling with { LogitRow = row, RepetitionPenalty = 1, PendingToken = -1, Mask = -1 })];
        SampleArguments arguments = new()
        {
            Logits = rig.Allocate(4L * rows * stride, TensorType.F32),
            RowsSampling = rig.Upload<RowSampling>(all),
            Drawn = rig.Allocate(4L * rows, TensorType.F32),
            Scratch = rig.Allocate(4L * rows * model.Vocabulary, TensorType.F32),
            LogitsStride = stride,
            Vocabulary = model.Vocabulary,
            Rows = rows,
            MaskWords = (model.Vocabulary + 31) / 32,
        };
        double seconds = rig.Time(1, _ => rig.Stream.Launch(kernel, arguments, new Grid(rows), SampleThreads));
        rig.Free();
        return new Measurement("sample", $"{model.Vocabulary} logits, {rows} rows, {name}", seconds, 4.0 * rows * model.Vocabulary);
    }
}
