using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Simd;
using LlamaEngine.Formats;

namespace LlamaEngine.Backends.Cpu.Linear;

/// <summary>A weight read where the file has it and multiplied in float32.</summary>
internal sealed unsafe class FloatSegment(TensorData weight, int firstOutput, KernelTable kernels) : LinearSegment(firstOutput, weight.Rows)
{
    private readonly long _rowBytes = weight.RowBytes;

    /// <inheritdoc/>
    public override void Multiply(Workspace workspace, CpuActivations input, CpuActivations output, int rows, float* bias, LinearSegment? previous)
    {
        byte* scratch = workspace.Scratch((long)weight.Columns * sizeof(float));
        FloatLinearJob job = new()
        {
            Weight = weight.Data,
            RowBytes = _rowBytes,
            Type = weight.Type,
            Bias = bias == null ? null : bias + FirstOutput,
            Input = input.Data,
            InputStride = input.Stride,
            Output = output.Data + FirstOutput,
            OutputStride = output.Stride,
            Inputs = weight.Columns,
            Outputs = Outputs,
            Rows = rows,
            Scratch = (float*)scratch,
            ScratchStride = (int)(workspace.ScratchStride / sizeof(float)),
        };
        const int RowsPerChunk = FloatLinearKernel<ScalarLanes>.RowsPerChunk;
        workspace.Pool.Run(kernels.FloatLinear, &job, (Outputs + RowsPerChunk - 1) / RowsPerChunk);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
