using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>
/// The inner product of float32 panels [value][16 weight rows] and float32 activations. Every lane is one weight row; a panel's
/// products are added in ascending order, one fused multiply-add each, then to the sums: alike for every number of rows.
/// </summary>
internal static unsafe class FloatTile<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int Lanes = 16;

    /// <summary>Adds the products of two panels with four rows of activations to sums[panel][row][16].</summary>
    /// <param name="panel">First panel; the second stands <paramref name="panelStride"/> floats behind.</param>
    /// <param name="x">First row of activations; the others stand <paramref name="stride"/> floats apart.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply2x4(float* panel, int panelStride, float* x, long stride, int count, float* sums)
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            MultiplyWide(panel, panelStride, x, stride, count, sums);
            return;
        }
        // Eight sums of two registers each are all that sixteen registers hold.
        Multiply1x4(panel, x, stride, count, sums);
        Multiply1x4(panel + panelStride, x, stride, count, sums + 4 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyWide(float* panel, int panelStride, float* x0, long stride, int count, float* sums)
    {
        float* x1 = x0 + stride, x2 = x1 + stride, x3 = x2 + stride, second = panel + panelStride;
        TLanes a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
        TLanes b0 = TLanes.Zero, b1 = TLanes.Zero, b2 = TLanes.Zero, b3 = TLanes.Zero;
        for (int i = 0; i < count; i++, panel += Lanes, second += Lanes)
        {
            TLanes a = TLanes.Load(panel), b = TLanes.Load(second), value = TLanes.Broadcast(x0[i]);
            a0 = TLanes.MultiplyAdd(a, value, a0);
            b0 = TLanes.MultiplyAdd(b, value, b0);
            value = TLanes.Broadcast(x1[i]);
            a1 = TLanes.MultiplyAdd(a, value, a1);
            b1 = TLanes.MultiplyAdd(b, value, b1);
            value = TLanes.Broadcast(x2[i]);
            a2 = TLanes.MultiplyAdd(a, value, a2);
            b2 = TLanes.MultiplyAdd(b, value, b2);
            value = TLanes.Broadcast(x3[i]);
            a3 = TLanes.MultiplyAdd(a, value, a3);
            b3 = TLanes.MultiplyAdd(b, value, b3);
        }
        Add(a0, sums);
        Add(a1, sums + Lanes);
        Add(a2, sums + 2 * Lanes);
        Add(a3, sums + 3 * Lanes);
        Add(b0, sums + 4 * Lanes);
        Add(b1, sums + 5 * Lanes);
        Add(b2, sums + 6 * Lanes);
        Add(b3, sums + 7 * Lanes);
    }

    /// <summary>Adds the products of one panel with four rows of activations to sums[row][16].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply1x4(float* panel, float* x0, long stride, int count, float* sums)
    {
        float* x1 = x0 + stride, x2 = x1 + stride, x3 = x2 + stride;
        TLanes a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
        for (int i = 0; i < count; i++, panel += Lanes)
        {
            TLanes a = TLanes.Load(panel);
            a0 = TLanes.MultiplyAdd(a, TLanes.Broadcast(x0[i]), a0);
            a1 = TLanes.MultiplyAdd(a, TLanes.Broadcast(x1[i]), a1);
            a2 = TLanes.MultiplyAdd(a, TLanes.Broadcast(x2[i]), a2);
            a3 = TLanes.MultiplyAdd(a, TLanes.Broadcast(x3[i]), a3);
        }
        Add(a0, sums);
        Add(a1, sums + Lanes);
        Add(a2, sums + 2 * Lanes);
        Add(a3, sums + 3 * Lanes);
    }

    /// <summary>Adds sixteen sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(TLanes value, float* sums) => (TLanes.Load(sums) + value).Store(sums);
}
