using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Packing;
using LlamaEngine.Backends.Cpu.Simd;
using LlamaEngine.Formats;

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
        byte* scratch = workspace.Scratch(kernels.PanelScratchBytes);
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
        if (rows > 1)
        {
            job.Packed = (float*)workspace.Shared(kernels.PackedFloats(rows, weight.Columns) * sizeof(float));
            workspace.Pool.Run(kernels.PackInput, &job, PanelLinearKernel<ScalarLanes, SingleElement>.Panels(weight.Columns) * job.RowBlocks);
        }
        workspace.Pool.Run(Kernel(workspace, ref job), &job, (Outputs + RowsPerChunk - 1) / RowsPerChunk * job.RowBlocks);
    }

    /// <summary>Decoding with F16 waits for memory only if its weights are read the short way, for which the activations are scaled instead.</summary>
    private delegate*<void*, int, int, void> Kernel(Workspace workspace, ref PanelLinearJob job)
    {
        if (weight.Type == TensorType.F16 && job.Rows == 1 && weight.IsFinite)
        {
            float* scaled = (float*)workspace.Shared((long)weight.Columns * sizeof(float));
            if (TinyHalf.TryScale(job.Input, weight.Columns, scaled))
            {
                job.Input = scaled;
                return kernels.TinyHalfRow;
            }
        }
        return kernels.Panel(weight.Type, weight.IsFinite);
    }

    /// <inheritdoc/>
    public override void Dispose() => weight.Dispose();
}
