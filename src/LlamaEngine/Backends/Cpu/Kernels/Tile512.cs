using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary><see cref="ITile"/> on AVX-512 BW: sixteen rows a register, 2 × 4 sums at a time.</summary>
internal readonly unsafe struct Tile512<TShape> : ITile where TShape : struct, IStepShape
{
    private const int Rows = Step<TShape>.TileRows, Lanes = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply2x4(byte* panel, int panelStride, byte* activations, int steps, float* sums)
    {
        Vector512<float> f00 = Vector512.Load(sums), f01 = Vector512.Load(sums + Lanes);
        Vector512<float> f02 = Vector512.Load(sums + 2 * Lanes), f03 = Vector512.Load(sums + 3 * Lanes);
        Vector512<float> f10 = Vector512.Load(sums + 4 * Lanes), f11 = Vector512.Load(sums + 5 * Lanes);
        Vector512<float> f12 = Vector512.Load(sums + 6 * Lanes), f13 = Vector512.Load(sums + 7 * Lanes);
        for (; steps > 0; steps--)
        {
            byte* second = panel + panelStride;
            Vector512<int> w0 = Vector512.Load((int*)panel), w1 = Vector512.Load((int*)second);
            Vector512<int> x = Broadcast(activations), a00 = Multiply(w0, x), a10 = Multiply(w1, x);
            x = Broadcast(activations + 4);
            Vector512<int> a01 = Multiply(w0, x), a11 = Multiply(w1, x);
            x = Broadcast(activations + 8);
            Vector512<int> a02 = Multiply(w0, x), a12 = Multiply(w1, x);
            x = Broadcast(activations + 12);
            Vector512<int> a03 = Multiply(w0, x), a13 = Multiply(w1, x);
            for (int group = 1; group < TShape.Groups; group++)
            {
                activations += 4 * Rows;
                w0 = Vector512.Load((int*)(panel + group * Step<TShape>.VectorBytes));
                w1 = Vector512.Load((int*)(second + group * Step<TShape>.VectorBytes));
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
            f00 = Finish(a00, scale, activations, Rows, f00);
            f01 = Finish(a01, scale, activations + 4, Rows, f01);
            f02 = Finish(a02, scale, activations + 8, Rows, f02);
            f03 = Finish(a03, scale, activations + 12, Rows, f03);
            scale = second + Step<TShape>.ScaleOffset;
            f10 = Finish(a10, scale, activations, Rows, f10);
            f11 = Finish(a11, scale, activations + 4, Rows, f11);
            f12 = Finish(a12, scale, activations + 8, Rows, f12);
            f13 = Finish(a13, scale, activations + 12, Rows, f13);
            activations += 8 * Rows;
            panel += Step<TShape>.PanelBytes;
        }
        f00.Store(sums);
        f01.Store(sums + Lanes);
        f02.Store(sums + 2 * Lanes);
        f03.Store(sums + 3 * Lanes);
        f10.Store(sums + 4 * Lanes);
        f11.Store(sums + 5 * Lanes);
        f12.Store(sums + 6 * Lanes);
        f13.Store(sums + 7 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply1x1(byte* panel, byte* activations, int steps, float* sums)
    {
        Vector512<float> sum = Vector512.Load(sums);
        for (; steps > 0; steps--)
        {
            Vector512<int> even = Multiply(Vector512.Load((int*)panel), Broadcast(activations));
            Vector512<int> odd = Multiply(Vector512.Load((int*)(panel + Step<TShape>.VectorBytes)), Broadcast(activations + 4));
            for (int group = 2; group < TShape.Groups; group += 2)
            {
                byte* codes = panel + group * Step<TShape>.VectorBytes;
                even = Add(even, Multiply(Vector512.Load((int*)codes), Broadcast(activations + 4 * group)));
                odd = Add(odd, Multiply(Vector512.Load((int*)(codes + Step<TShape>.VectorBytes)), Broadcast(activations + 4 * group + 4)));
            }
            sum = Finish(Add(even, odd), panel + Step<TShape>.ScaleOffset, activations + 4 * TShape.Groups, 1, sum);
            panel += Step<TShape>.PanelBytes;
            activations += Step<TShape>.ActivationBytes(1);
        }
        sum.Store(sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Broadcast(byte* word) => Vector512.Create(*(int*)word);

    /// <summary>Products of 16-bit pairs as 32-bit sums, or of 8-bit pairs as 16-bit sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Multiply(Vector512<int> weights, Vector512<int> activations) => TShape.IsWide
        ? Avx512BW.MultiplyAddAdjacent(weights.AsInt16(), activations.AsInt16())
        : Avx512BW.MultiplyAddAdjacent(weights.AsByte(), activations.AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Add(Vector512<int> left, Vector512<int> right) =>
        TShape.IsWide ? left + right : (left.AsInt16() + right.AsInt16()).AsInt32();

    /// <summary>Adds a step's integers to the sums; <paramref name="factors"/>: the row's scale and, <paramref name="rows"/> words on, its correction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Finish(Vector512<int> integers, byte* scale, byte* factors, int rows, Vector512<float> sum)
    {
        if (!TShape.IsWide)
            integers = Avx512BW.MultiplyAddAdjacent(integers.AsInt16(), Vector512<short>.One);
        if (!TShape.IsWide && !TShape.HasMinimum)
            integers += Vector512.Create(*(int*)(factors + 4 * rows));
        Vector512<float> scaled = Vector512.ConvertToSingle(integers) * Vector512.Load((float*)scale);
        sum = Vector512.FusedMultiplyAdd(scaled, Vector512.Create(*(float*)factors), sum);
        if (TShape.HasMinimum)
            sum = Vector512.FusedMultiplyAdd(Vector512.Load((float*)scale + Lanes), Vector512.Create(*(float*)(factors + 4 * rows)), sum);
        return sum;
    }
}
