using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>
/// <see cref="ITile"/> on AVX2: eight rows a register, 2 × 4 integer sums at a time; with sixteen registers the float
/// sums stay in memory.
/// </summary>
internal readonly unsafe struct Tile256<TShape> : ITile where TShape : struct, IStepShape
{
    private const int Rows = Step<TShape>.TileRows, Lanes = 16, Half = 8, HalfBytes = 32;

    public static void Multiply2x4(byte* panel, int panelStride, byte* activations, int steps, float* sums)
    {
        Multiply1x4(panel, activations, steps, sums);
        Multiply1x4(panel + panelStride, activations, steps, sums + Rows * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply1x1(byte* panel, byte* activations, int steps, float* sums)
    {
        Vector256<float> lower = Vector256.Load(sums), upper = Vector256.Load(sums + Half);
        for (; steps > 0; steps--)
        {
            Vector256<int> x = Broadcast(activations);
            Vector256<int> a = Multiply(Vector256.Load((int*)panel), x), b = Multiply(Vector256.Load((int*)(panel + HalfBytes)), x);
            for (int group = 1; group < TShape.Groups; group++)
            {
                byte* codes = panel + group * Step<TShape>.VectorBytes;
                x = Broadcast(activations + 4 * group);
                a = Add(a, Multiply(Vector256.Load((int*)codes), x));
                b = Add(b, Multiply(Vector256.Load((int*)(codes + HalfBytes)), x));
            }
            byte* scale = panel + Step<TShape>.ScaleOffset;
            lower = Finish(a, scale, activations + 4 * TShape.Groups, 1, lower);
            upper = Finish(b, scale + HalfBytes, activations + 4 * TShape.Groups, 1, upper);
            panel += Step<TShape>.PanelBytes;
            activations += Step<TShape>.ActivationBytes(1);
        }
        lower.Store(sums);
        upper.Store(sums + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply1x4(byte* panel, byte* activations, int steps, float* sums)
    {
        for (; steps > 0; steps--)
        {
            Vector256<int> w0 = Vector256.Load((int*)panel), w1 = Vector256.Load((int*)(panel + HalfBytes));
            Vector256<int> x = Broadcast(activations), a00 = Multiply(w0, x), a10 = Multiply(w1, x);
            x = Broadcast(activations + 4);
            Vector256<int> a01 = Multiply(w0, x), a11 = Multiply(w1, x);
            x = Broadcast(activations + 8);
            Vector256<int> a02 = Multiply(w0, x), a12 = Multiply(w1, x);
            x = Broadcast(activations + 12);
            Vector256<int> a03 = Multiply(w0, x), a13 = Multiply(w1, x);
            for (int group = 1; group < TShape.Groups; group++)
            {
                byte* codes = panel + group * Step<TShape>.VectorBytes;
                activations += 4 * Rows;
                w0 = Vector256.Load((int*)codes);
                w1 = Vector256.Load((int*)(codes + HalfBytes));
                x = Broadcast(activations);
                a00 = Add(a00, Multiply(w0, x));
                a10 = Add(a10, Multiply(w1, x));
                x = Broadcast(activations + 4);
                a01 = Add(a01, Multiply(w0, x));
                a11 = Add(a11, Multiply(w1, x));
                x = Broadcast(activations + 8);
                a02 = Add(a02, Multiply(w0, x));
                a12 = Add(a12, Multiply(w1, x));
                x = Broadcast(activations + 12);
                a03 = Add(a03, Multiply(w0, x));
                a13 = Add(a13, Multiply(w1, x));
            }
            activations += 4 * Rows;
            byte* scale = panel + Step<TShape>.ScaleOffset;
            Store(a00, a10, scale, activations, sums);
            Store(a01, a11, scale, activations + 4, sums + Lanes);
            Store(a02, a12, scale, activations + 8, sums + 2 * Lanes);
            Store(a03, a13, scale, activations + 12, sums + 3 * Lanes);
            activations += 8 * Rows;
            panel += Step<TShape>.PanelBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<int> lower, Vector256<int> upper, byte* scale, byte* factors, float* sums)
    {
        Finish(lower, scale, factors, Rows, Vector256.Load(sums)).Store(sums);
        Finish(upper, scale + HalfBytes, factors, Rows, Vector256.Load(sums + Half)).Store(sums + Half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Broadcast(byte* word) => Vector256.Create(*(int*)word);

    /// <summary>Products of 16-bit pairs as 32-bit sums, or of 8-bit pairs as 16-bit sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Multiply(Vector256<int> weights, Vector256<int> activations) => TShape.IsWide
        ? Avx2.MultiplyAddAdjacent(weights.AsInt16(), activations.AsInt16())
        : Avx2.MultiplyAddAdjacent(weights.AsByte(), activations.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Add(Vector256<int> left, Vector256<int> right) =>
        TShape.IsWide ? left + right : (left.AsInt16() + right.AsInt16()).AsInt32();

    /// <summary>Adds a step's integers to the sums; <paramref name="factors"/>: the row's scale and, <paramref name="rows"/> words on, its correction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Finish(Vector256<int> integers, byte* scale, byte* factors, int rows, Vector256<float> sum)
    {
        if (!TShape.IsWide)
            integers = Avx2.MultiplyAddAdjacent(integers.AsInt16(), Vector256<short>.One);
        if (!TShape.IsWide && !TShape.HasMinimum)
            integers += Vector256.Create(*(int*)(factors + 4 * rows));
        Vector256<float> scaled = Vector256.ConvertToSingle(integers) * Vector256.Load((float*)scale);
        sum = Vector256.FusedMultiplyAdd(scaled, Vector256.Create(*(float*)factors), sum);
        if (TShape.HasMinimum)
            sum = Vector256.FusedMultiplyAdd(Vector256.Load((float*)scale + Lanes), Vector256.Create(*(float*)(factors + 4 * rows)), sum);
        return sum;
    }
}
