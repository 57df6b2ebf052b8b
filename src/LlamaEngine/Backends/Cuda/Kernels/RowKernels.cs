using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Backends.Cuda.Kernels;

/// <summary>Launches the kernels that work row by row: rms_norm.cu, swiglu.cu and select_rows.cu.</summary>
internal sealed class RowKernels(KernelSet kernels)
{
    /// <summary>Threads of a block, and the most of one (…_THREADS in the kernels).</summary>
    private const int Threads = 256;

    // Values a thread takes at once.
    private const int Quad = 4, WarpThreads = 32;

    private readonly CudaKernel _rmsNorm = kernels.Get("rms_norm"), _swiGlu = kernels.Get("swiglu"), _selectRows = kernels.Get("select_rows");

    /// <summary>residual += delta (where given); output = residual ÷ rms(residual) × weight.</summary>
    public void RmsNorm(CudaStream stream, in RmsNormArguments arguments)
    {
        // How many threads share a row follows from its width alone, and so does the order of additions.
        int threads = Math.Clamp(DividedUp(arguments.Columns, Quad * WarpThreads) * WarpThreads, WarpThreads, Threads);
        if (arguments.Rows > 0)
            stream.Launch(_rmsNorm, arguments, new Grid(arguments.Rows), threads);
    }

    /// <summary>output = silu(gate) × up for rows [gate | up].</summary>
    public void SwiGlu(CudaStream stream, in SwiGluArguments arguments)
    {
        if (arguments.Rows > 0)
            stream.Launch(_swiGlu, arguments, new Grid(arguments.Rows, DividedUp(arguments.Columns, Quad * Threads)), Threads);
    }

    /// <summary>output[i] = source[indices[i]]; a negative index leaves its row alone.</summary>
    public void SelectRows(CudaStream stream, in SelectRowsArguments arguments)
    {
        if (arguments.Rows > 0)
            stream.Launch(_selectRows, arguments, new Grid(arguments.Rows, DividedUp(arguments.Columns, Quad * Threads)), Threads);
    }

    private static int DividedUp(int count, int by) => (count + by - 1) / by;
}
