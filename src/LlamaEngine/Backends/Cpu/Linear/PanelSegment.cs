using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Packing;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Linear;

/// <summary>Repacked F32, F16 or BF16 weights, multiplied in float32.</summary>
internal sealed unsafe class PanelSegment(PackedFloatWeight weight, int firstOutput, KernelTable kernels)
    : LinearSegment(firstOutput, weight.Rows)
{
    private const int RowsPerChunk = PackedLayout.Rows * PanelLinearKernel<ScalarLanes, SingleElement>.Groups;
    private const int RowsPerBlock = PanelLinearKernel<ScalarLanes, SingleElement>.RowsPerBlock;

    /// <inheritdoc/>
    public override void Multiply(Workspace workspace, CpuActivations input, CpuActivations output, int rows, float* bias, LinearSegment? previous)
    {
        byte* scratch = workspace.Scratch(PanelLinearKernel<ScalarLanes, SingleElement>.ScratchBytes);
        PanelLinearJob job = new()
        {
            Weight = weight.Data,
            Bias = bias == null ? null : bias + FirstOutput,
            Input = input.Data,
            InputStride = input.Stride,
            Output = output.Data + FirstOutput,
            OutputStride = output.Stride,
            Inputs = weight.Columns,
            Outputs = Outputs,
            Rows = rows,
            RowBlocks = (rows + RowsPerBlock - 1) / RowsPerBlock,
            Scratch = scratch,
            ScratchStride = workspace.ScratchStride,
        };
        workspace.Pool.Run(kernels.Panel(weight.Type), &job, (Outputs + RowsPerChunk - 1) / RowsPerChunk * job.RowBlocks);
    }

    /// <inheritdoc/>
    public override void Dispose() => weight.Dispose();
}
