using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Formats;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>A CUDA backend for tests, with what is asked of it again and again; notices memory that was not given back.</summary>
internal sealed unsafe class CudaBench : IDisposable
{
    private CudaBench(CudaOptions options) => Backend = new CudaBackend(options);

    public CudaBackend Backend { get; }

    /// <summary>Opens the first device; skips the running test, with the reason, where there is none.</summary>
    public static CudaBench Open(bool batchInvariant = false, bool useGraphs = true)
    {
        using (KernelBench.Open())
        {
        }
        return new CudaBench(new CudaOptions { BatchInvariant = batchInvariant, UseGraphs = useGraphs });
    }

    /// <summary>Activations with these values in their first rows, NaN in the others.</summary>
    public CudaActivations Upload(float[] values, int columns, int rows = 0)
    {
        var activations = (CudaActivations)Backend.Allocate(Math.Max(rows, values.Length / columns), columns);
        for (int row = 0; row < activations.Rows; row++)
        {
            float[] nothing = new float[columns];
            Array.Fill(nothing, float.NaN);
            activations.Write(Backend.Stream, row, row < values.Length / columns ? values.AsSpan(row * columns, columns) : nothing);
        }
        return activations;
    }

    /// <summary>Activations full of NaN.</summary>
    public CudaActivations Poisoned(int rows, int columns) => Upload([], columns, rows);

    /// <summary>The first rows, one behind another.</summary>
    public float[] Download(Activations activations, int rows)
    {
        float[] values = new float[rows * activations.Columns];
        for (int row = 0; row < rows; row++)
            Backend.Read(activations, row).CopyTo(values.AsSpan(row * activations.Columns));
        return values;
    }

    /// <summary>One pass over a plan.</summary>
    public void Pass(BatchPlan plan, Action operations)
    {
        Backend.BeginStep(plan);
        operations();
        Backend.EndStep(plan);
        Backend.Finish(plan);
    }

    /// <summary>A tensor over an array that the caller keeps pinned.</summary>
    public static TensorData Tensor(TensorType type, void* data, params long[] shape) => new(new TensorInfo("t", type, [.. shape], "", 0), (byte*)data);

    public VectorWeight Vector(float[] values)
    {
        fixed (float* data = values)
            return Backend.LoadVector(Tensor(TensorType.F32, data, values.Length));
    }

    public LinearWeight Linear(StoredWeights weights)
    {
        fixed (byte* data = weights.Bytes)
            return Backend.LoadLinear([Tensor(weights.Type, data, weights.Outputs, weights.Inputs)], [], CancellationToken.None);
    }

    public EmbeddingWeight Embedding(StoredWeights weights)
    {
        fixed (byte* data = weights.Bytes)
            return Backend.LoadEmbedding(Tensor(weights.Type, data, weights.Outputs, weights.Inputs));
    }

    public void Dispose()
    {
        Backend.Dispose();
        if (TestContext.Current.TestState is null or { Result: not TestResult.Failed })
            Assert.Equal(0, Backend.BytesHeld);
    }
}
