using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Packing;

namespace LlamaEngine.Backends.Cpu.Rows;

/// <summary>A linear layer with quantized weights and one row of rounded activations. A chunk is GroupsPerChunk groups of 16 weight rows.</summary>
internal static unsafe class RowLinearKernel<TProduct> where TProduct : struct, IRowProduct
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* state, int chunk, int thread)
    {
        QuantizedLinearJob* job = (QuantizedLinearJob*)state;
        byte* scratch = job->Scratch + thread * job->ScratchStride;
        float* sums = stackalloc float[PackedLayout.Rows];
        int end = Math.Min((chunk + 1) * job->GroupsPerChunk, (job->Outputs + PackedLayout.Rows - 1) / PackedLayout.Rows);
        for (int group = chunk * job->GroupsPerChunk; group < end; group++)
        {
            TProduct.Multiply(job->Weight + group * job->GroupBytes, job->Units, job->Activations, scratch, sums);
            GroupOutput.Write(sums, job->Bias, group * PackedLayout.Rows, job->Outputs, job->Output);
        }
    }
}
