using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Backends.Cuda.Loading;

namespace LlamaEngine.Backends.Cuda;

/// <summary>A vector as float32 on the device.</summary>
internal sealed class CudaVector(int length, DeviceBuffer values) : VectorWeight(length)
{
    /// <summary>First value.</summary>
    public ulong Address => values.Address;

    /// <inheritdoc/>
    public override void Dispose() => values.Dispose();
}

/// <summary>An embedding table on the device.</summary>
internal sealed class CudaEmbedding(int vocabulary, int width, SharedMatrix matrix, LinearKernels kernels) : EmbeddingWeight(vocabulary, width)
{
    private bool _disposed;

    /// <summary>First row.</summary>
    public ulong Address => matrix.Address;

    /// <summary>Bytes of a row.</summary>
    public long RowBytes { get; } = matrix.Bytes / vocabulary;

    /// <summary>The kernels of its type.</summary>
    public LinearKernels Kernels => kernels;

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (!_disposed)
            matrix.Dispose();
        _disposed = true;
    }
}

/// <summary>A linear layer on the device: a matrix for each run of weights of one type.</summary>
internal sealed class CudaLinearWeight(int inputs, int outputs, CudaLinearSegment[] segments, DeviceBuffer? biases) : LinearWeight(inputs, outputs)
{
    private bool _disposed;

    /// <summary>Its matrices, in output order.</summary>
    public ReadOnlySpan<CudaLinearSegment> Segments => segments;

    /// <summary>The biases of all outputs; 0: none.</summary>
    public ulong Bias => biases?.Address ?? 0;

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (CudaLinearSegment segment in segments)
            segment.Matrix.Dispose();
        biases?.Dispose();
    }
}

/// <summary>Neighbouring outputs of a linear layer whose weights have one type.</summary>
/// <param name="Matrix">Their weights.</param>
/// <param name="Kernels">The kernels of the type.</param>
/// <param name="FirstOutput">Where they stand in a row of the output.</param>
/// <param name="Outputs">How many they are.</param>
internal sealed record CudaLinearSegment(SharedMatrix Matrix, LinearKernels Kernels, int FirstOutput, int Outputs)
{
    /// <summary>Bytes from one row of weights to the next.</summary>
    public long RowBytes => Matrix.Bytes / Outputs;
}
