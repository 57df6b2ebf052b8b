using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>
/// <see cref="FloatTile{TLanes}"/> on 256-bit registers, written out: over <see cref="Simd.Lanes256"/> the compiler makes a copy of
/// every second sum, which takes the places of the multiplications in each cycle.
/// </summary>
internal static unsafe class FloatTile256
{
    private const int Lanes = 16, Half = 8;

    /// <summary>Twelve sums of eight lanes, two vectors of weights and one of activations [value][row]: fifteen of sixteen registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply1x6(float* panel, float* activations, int count, float* sums, int sumStride)
    {
        Vector256<float> zero = Vector256<float>.Zero;
        Vector256<float> a0 = zero, a1 = zero, a2 = zero, a3 = zero, a4 = zero, a5 = zero;
        Vector256<float> b0 = zero, b1 = zero, b2 = zero, b3 = zero, b4 = zero, b5 = zero;
        for (; count > 0; count--, panel += Lanes, activations += 6)
        {
            Vector256<float> a = Vector256.Load(panel), b = Vector256.Load(panel + Half), x = Vector256.Create(activations[0]);
            a0 = Vector256.FusedMultiplyAdd(a, x, a0);
            b0 = Vector256.FusedMultiplyAdd(b, x, b0);
            x = Vector256.Create(activations[1]);
            a1 = Vector256.FusedMultiplyAdd(a, x, a1);
            b1 = Vector256.FusedMultiplyAdd(b, x, b1);
            x = Vector256.Create(activations[2]);
            a2 = Vector256.FusedMultiplyAdd(a, x, a2);
            b2 = Vector256.FusedMultiplyAdd(b, x, b2);
            x = Vector256.Create(activations[3]);
            a3 = Vector256.FusedMultiplyAdd(a, x, a3);
            b3 = Vector256.FusedMultiplyAdd(b, x, b3);
            x = Vector256.Create(activations[4]);
            a4 = Vector256.FusedMultiplyAdd(a, x, a4);
            b4 = Vector256.FusedMultiplyAdd(b, x, b4);
            x = Vector256.Create(activations[5]);
            a5 = Vector256.FusedMultiplyAdd(a, x, a5);
            b5 = Vector256.FusedMultiplyAdd(b, x, b5);
        }
        Add(a0, b0, sums);
        Add(a1, b1, sums + sumStride);
        Add(a2, b2, sums + 2 * sumStride);
        Add(a3, b3, sums + 3 * sumStride);
        Add(a4, b4, sums + 4 * sumStride);
        Add(a5, b5, sums + 5 * sumStride);
    }

    /// <summary>x[row × rowStride + value × valueStride]; sums[row × sumStride].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply1x4(float* panel, float* x0, long rowStride, nint valueStride, int count, float* sums, int sumStride)
    {
        float* x1 = x0 + rowStride, x2 = x1 + rowStride, x3 = x2 + rowStride;
        Vector256<float> zero = Vector256<float>.Zero;
        Vector256<float> a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
        for (nint i = 0; count > 0; count--, i += valueStride, panel += Lanes)
        {
            Vector256<float> a = Vector256.Load(panel), b = Vector256.Load(panel + Half), x = Vector256.Create(x0[i]);
            a0 = Vector256.FusedMultiplyAdd(a, x, a0);
            b0 = Vector256.FusedMultiplyAdd(b, x, b0);
            x = Vector256.Create(x1[i]);
            a1 = Vector256.FusedMultiplyAdd(a, x, a1);
            b1 = Vector256.FusedMultiplyAdd(b, x, b1);
            x = Vector256.Create(x2[i]);
            a2 = Vector256.FusedMultiplyAdd(a, x, a2);
            b2 = Vector256.FusedMultiplyAdd(b, x, b2);
            x = Vector256.Create(x3[i]);
            a3 = Vector256.FusedMultiplyAdd(a, x, a3);
            b3 = Vector256.FusedMultiplyAdd(b, x, b3);
        }
        Add(a0, b0, sums);
        Add(a1, b1, sums + sumStride);
        Add(a2, b2, sums + 2 * sumStride);
        Add(a3, b3, sums + 3 * sumStride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector256<float> lower, Vector256<float> upper, float* sums)
    {
        (Vector256.Load(sums) + lower).Store(sums);
        (Vector256.Load(sums + Half) + upper).Store(sums + Half);
    }
}
