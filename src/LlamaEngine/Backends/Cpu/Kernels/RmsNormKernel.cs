using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Operands of <see cref="RmsNormKernel{TLanes}"/>; strides in floats.</summary>
internal unsafe struct RmsNormJob
{
    public float* Residual, Delta, Weight, Output;
    public int ResidualStride, DeltaStride, OutputStride, Columns;
    public float Epsilon;
}

/// <summary>residual += delta; output = residual ÷ √(mean(residual²) + ε) × weight. One chunk is one row.</summary>
internal static unsafe class RmsNormKernel<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int Width = Partial<TLanes>.Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* state, int row, int thread)
    {
        RmsNormJob* job = (RmsNormJob*)state;
        float* residual = job->Residual + (long)row * job->ResidualStride;
        float* delta = job->Delta == null ? null : job->Delta + (long)row * job->DeltaStride;
        float squares = AddAndSquare(residual, delta, job->Columns);
        float scale = 1 / MathF.Sqrt(squares / job->Columns + job->Epsilon);
        Scale(residual, job->Weight, scale, job->Output + (long)row * job->OutputStride, job->Columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float AddAndSquare(float* residual, float* delta, int columns)
    {
        TLanes squares = TLanes.Zero;
        int i = 0;
        for (; i <= columns - Width; i += Width)
        {
            TLanes value = TLanes.Load(residual + i);
            if (delta != null)
            {
                value += TLanes.Load(delta + i);
                value.Store(residual + i);
            }
            squares = TLanes.MultiplyAdd(value, value, squares);
        }
        if (i < columns)
        {
            TLanes value = Partial<TLanes>.Load(residual + i, columns - i);
            if (delta != null)
            {
                value += Partial<TLanes>.Load(delta + i, columns - i);
                Partial<TLanes>.Store(value, residual + i, columns - i);
            }
            squares = TLanes.MultiplyAdd(value, value, squares);
        }
        return squares.Sum();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(float* residual, float* weight, float scale, float* output, int columns)
    {
        TLanes factor = TLanes.Broadcast(scale);
        int i = 0;
        for (; i <= columns - Width; i += Width)
            (TLanes.Load(residual + i) * factor * TLanes.Load(weight + i)).Store(output + i);
        for (; i < columns; i++)
            output[i] = residual[i] * scale * weight[i];
    }
}
