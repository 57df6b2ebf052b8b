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
    private const int Rows = Step<TShape>.TileRows, Lanes = 16, Half = 8, HalfBytes = 32, VectorBytes = Step<TShape>.VectorBytes;

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
            Vector256<int> zero = Vector256<int>.Zero;
            Vector256<int> a0 = zero, a1 = zero, a2 = zero, a3 = zero, b0 = zero, b1 = zero, b2 = zero, b3 = zero;
            byte* codes = panel;
            for (int group = 0; group < TShape.Groups; group += 4)
            {
                AddGroup(codes, activations, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
                AddGroup(codes + VectorBytes, activations + 4 * Rows, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
                AddGroup(codes + 2 * VectorBytes, activations + 8 * Rows, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
                AddGroup(codes + 3 * VectorBytes, activations + 12 * Rows, ref a0, ref a1, ref a2, ref a3, ref b0, ref b1, ref b2, ref b3);
                codes += 4 * VectorBytes;
                activations += 16 * Rows;
            }
            Store(a0, b0, codes, activations, sums);
            Store(a1, b1, codes, activations + 4, sums + Lanes);
            Store(a2, b2, codes, activations + 8, sums + 2 * Lanes);
            Store(a3, b3, codes, activations + 12, sums + 3 * Lanes);
            activations += 8 * Rows;
            panel = codes + 2 * VectorBytes;
        }
    }

    /// <summary>Adds the products of one vector of codes with four rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGroup(byte* codes, byte* activations,
        ref Vector256<int> a0, ref Vector256<int> a1, ref Vector256<int> a2, ref Vector256<int> a3,
        ref Vector256<int> b0, ref Vector256<int> b1, ref Vector256<int> b2, ref Vector256<int> b3)
    {
        Vector256<int> a = Vector256.Load((int*)codes), b = Vector256.Load((int*)(codes + HalfBytes));
        // Four products, then four sums: measured to fill the processor's ports better than one after the other.
        Vector256<int> x = Broadcast(activations), y = Broadcast(activations + 4);
        Vector256<int> p = Multiply(a, x), q = Multiply(b, x), r = Multiply(a, y), s = Multiply(b, y);
        a0 = Add(a0, p);
        b0 = Add(b0, q);
        a1 = Add(a1, r);
        b1 = Add(b1, s);
        x = Broadcast(activations + 8);
        y = Broadcast(activations + 12);
        p = Multiply(a, x);
        q = Multiply(b, x);
        r = Multiply(a, y);
        s = Multiply(b, y);
        a2 = Add(a2, p);
        b2 = Add(b2, q);
        a3 = Add(a3, r);
        b3 = Add(b3, s);
    }

    /// <summary>Adds a step's integers to one row's sums; <paramref name="factors"/>: its scale and, four words on, its correction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<int> lower, Vector256<int> upper, byte* scale, byte* factors, float* sums)
    {
        Vector256<float> factor = Vector256.Create(*(float*)factors);
        if (!TShape.IsWide)
        {
            lower = Avx2.MultiplyAddAdjacent(lower.AsInt16(), Vector256<short>.One);
            upper = Avx2.MultiplyAddAdjacent(upper.AsInt16(), Vector256<short>.One);
        }
        if (!TShape.IsWide && !TShape.HasMinimum)
        {
            Vector256<int> correction = Vector256.Create(*(int*)(factors + 4 * Rows));
            lower += correction;
            upper += correction;
        }
        Vector256<float> a = Vector256.FusedMultiplyAdd(
            Vector256.ConvertToSingle(lower) * Vector256.Load((float*)scale), factor, Vector256.Load(sums));
        Vector256<float> b = Vector256.FusedMultiplyAdd(
            Vector256.ConvertToSingle(upper) * Vector256.Load((float*)(scale + HalfBytes)), factor, Vector256.Load(sums + Half));
        if (TShape.HasMinimum)
        {
            Vector256<float> correction = Vector256.Create(*(float*)(factors + 4 * Rows));
            a = Vector256.FusedMultiplyAdd(Vector256.Load((float*)scale + Lanes), correction, a);
            b = Vector256.FusedMultiplyAdd(Vector256.Load((float*)(scale + HalfBytes) + Lanes), correction, b);
        }
        a.Store(sums);
        b.Store(sums + Half);
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
