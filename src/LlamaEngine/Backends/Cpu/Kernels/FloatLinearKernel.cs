using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Simd;
using LlamaEngine.Formats;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Operands of <see cref="FloatLinearKernel{TLanes}"/>; strides in floats.</summary>
internal unsafe struct FloatLinearJob
{
    public byte* Weight;
    public long RowBytes;
    public TensorType Type;
    public float* Bias, Input, Output;
    public int InputStride, OutputStride, Inputs, Outputs, Rows;
    public float* Scratch;
    public int ScratchStride;
}

/// <summary>
/// A linear layer of any weight type with float32 activations: a weight row is decoded once and multiplied with every
/// input row. One chunk is <see cref="RowsPerChunk"/> weight rows.
/// </summary>
internal static unsafe class FloatLinearKernel<TLanes> where TLanes : struct, ILanes<TLanes>
{
    /// <summary>Weight rows in a chunk.</summary>
    public const int RowsPerChunk = 16;

    private const int Width = Partial<TLanes>.Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* state, int chunk, int thread)
    {
        FloatLinearJob* job = (FloatLinearJob*)state;
        float* weight = job->Scratch + (long)thread * job->ScratchStride;
        int end = Math.Min((chunk + 1) * RowsPerChunk, job->Outputs);
        for (int output = chunk * RowsPerChunk; output < end; output++)
        {
            BlockCodec.Decode(job->Type, job->Weight + output * job->RowBytes, weight, job->Inputs);
            float bias = job->Bias == null ? 0 : job->Bias[output];
            for (int row = 0; row < job->Rows; row++)
                job->Output[(long)row * job->OutputStride + output] = Dot(weight, job->Input + (long)row * job->InputStride, job->Inputs) + bias;
        }
    }

    /// <summary>Σ left × right: four vectors of partial sums, 64 values a turn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot(float* left, float* right, int count)
    {
        TLanes a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, d = TLanes.Zero;
        int i = 0;
        for (; i <= count - 4 * Width; i += 4 * Width)
        {
            a = TLanes.MultiplyAdd(TLanes.Load(left + i), TLanes.Load(right + i), a);
            b = TLanes.MultiplyAdd(TLanes.Load(left + i + Width), TLanes.Load(right + i + Width), b);
            c = TLanes.MultiplyAdd(TLanes.Load(left + i + 2 * Width), TLanes.Load(right + i + 2 * Width), c);
            d = TLanes.MultiplyAdd(TLanes.Load(left + i + 3 * Width), TLanes.Load(right + i + 3 * Width), d);
        }
        for (; i <= count - Width; i += Width)
            a = TLanes.MultiplyAdd(TLanes.Load(left + i), TLanes.Load(right + i), a);
        if (i < count)
            b = TLanes.MultiplyAdd(Partial<TLanes>.Load(left + i, count - i), Partial<TLanes>.Load(right + i, count - i), b);
        return (a + b + (c + d)).Sum();
    }
}
