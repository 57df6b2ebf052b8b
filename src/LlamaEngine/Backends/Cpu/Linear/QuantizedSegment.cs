using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Backends.Cpu.Packing;

namespace LlamaEngine.Backends.Cpu.Linear;

/// <summary>Repacked quantized weights of one type, multiplied with activations rounded to 8 bits.</summary>
internal sealed unsafe class QuantizedSegment(PackedWeight weight, int firstOutput, QuantizedKernels kernels)
    : LinearSegment(firstOutput, weight.Rows)
{
    private const int TileRows = Step<Narrow>.TileRows, ChunksPerThread = 16;

    /// <inheritdoc/>
    public override void Multiply(Workspace workspace, CpuActivations input, CpuActivations output, int rows, float* bias, LinearSegment? previous)
    {
        ActivationLayout layout = new(rows, weight.Columns, kernels.StepValues, kernels.ActivationBytes);
        byte* activations = workspace.Shared(layout.Bytes);
        if (previous is not QuantizedSegment same || !same.SharesActivations(this))
            Quantize(workspace.Pool, input, layout, activations);
        int groups = (Outputs + PackedLayout.Rows - 1) / PackedLayout.Rows;
        int groupsPerChunk = rows == 1
            ? Math.Max(1, groups / (workspace.Pool.Threads * ChunksPerThread))
            : kernels.GroupsPerChunk;
        QuantizedLinearJob job = new()
        {
            Weight = weight.Data,
            Units = weight.UnitsPerRow,
            GroupBytes = weight.GroupBytes,
            Outputs = Outputs,
            Bias = bias == null ? null : bias + FirstOutput,
            Activations = activations,
            Layout = layout,
            Output = output.Data + FirstOutput,
            OutputStride = output.Stride,
            GroupsPerChunk = groupsPerChunk,
            Scratch = workspace.Scratch(kernels.ScratchBytes),
        };
        job.ScratchStride = workspace.ScratchStride;
        int chunks = (groups + groupsPerChunk - 1) / groupsPerChunk;
        if (rows == 1)
            workspace.Pool.Run(kernels.One, &job, chunks);
        else
            workspace.Pool.Run(kernels.Many, &job, chunks * layout.RowBlocks);
    }

    /// <inheritdoc/>
    public override void Dispose() => weight.Dispose();

    private Type StepShape => kernels.StepShape;

    private bool SharesActivations(QuantizedSegment other) => StepShape == other.StepShape;

    private void Quantize(WorkerPool pool, CpuActivations input, ActivationLayout layout, byte* activations)
    {
        QuantizeJob job = new() { Input = input.Data, InputStride = input.Stride, Layout = layout, Output = activations };
        pool.Run(kernels.Quantize, &job, layout.Tiles);
    }
}
