using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Operands of <see cref="SwiGluKernel{TLanes}"/>; strides in floats.</summary>
internal unsafe struct SwiGluJob
{
    public float* GateUp, Output;
    public int InputStride, OutputStride, Columns;
}

/// <summary>output = gate ÷ (1 + e^−gate) × up (Shazeer 2020, arXiv 2002.05202). One chunk is one row.</summary>
internal static unsafe class SwiGluKernel<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int Width = Partial<TLanes>.Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* state, int row, int thread)
    {
        SwiGluJob* job = (SwiGluJob*)state;
        int columns = job->Columns;
        float* gate = job->GateUp + (long)row * job->InputStride, up = gate + columns;
        float* output = job->Output + (long)row * job->OutputStride;
        int i = 0;
        for (; i <= columns - Width; i += Width)
            Activate(TLanes.Load(gate + i), TLanes.Load(up + i)).Store(output + i);
        if (i < columns)
        {
            int rest = columns - i;
            TLanes tail = Activate(Partial<TLanes>.Load(gate + i, rest), Partial<TLanes>.Load(up + i, rest));
            Partial<TLanes>.Store(tail, output + i, rest);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Activate(TLanes gate, TLanes up)
    {
        TLanes one = TLanes.Broadcast(1);
        return gate / (one + Exponential<TLanes>.Of(TLanes.Zero - gate)) * up;
    }
}
