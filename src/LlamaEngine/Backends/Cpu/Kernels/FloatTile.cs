using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>
/// The inner product of float32 panels [value][16 weight rows] and float32 activations. Every lane is one weight row; a panel's
/// products are added in ascending order, one fused multiply-add each, then to the sums: alike for every number of rows.
/// </summary>
internal static unsafe class FloatTile<TLanes> where TLanes : struct, ILanes<TLanes>
{
    /// <summary>The largest of <see cref="Rows"/>.</summary>
    public const int MostRows = 6;

    private const int Lanes = 16;

    /// <summary>Rows of activations that <see cref="Multiply"/> takes: as many as keep the multipliers busy and fit into the registers.</summary>
    public static int Rows
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => typeof(TLanes) == typeof(Lanes256) ? MostRows : 4;
    }

    /// <summary>Rows that a tile of <paramref name="rows"/> rows computes, the last ones in vain: 4 or <see cref="Rows"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PaddedRows(int rows) => rows <= 4 ? 4 : Rows;

    /// <summary>Adds the products of two panels with a tile of activations to sums[row][panel][16].</summary>
    /// <param name="panel">First panel; the second stands <paramref name="panelStride"/> floats behind.</param>
    /// <param name="x">Activations [value][row].</param>
    /// <param name="rows">Rows, padded: 4 or <see cref="Rows"/>.</param>
    /// <param name="count">Values.</param>
    /// <param name="sums">First row of sums; the others stand <paramref name="sumStride"/> floats apart.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(float* panel, int panelStride, float* x, int rows, int count, float* sums, int sumStride)
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            MultiplyWide(panel, panelStride, x, 1, 4, count, sums, sumStride, Lanes);
        }
        else if (rows == 4)
        {
            Multiply1x4(panel, x, 1, 4, count, sums, sumStride);
            Multiply1x4(panel + panelStride, x, 1, 4, count, sums + Lanes, sumStride);
        }
        else
        {
            FloatTile256.Multiply1x6(panel, x, count, sums, sumStride);
            FloatTile256.Multiply1x6(panel + panelStride, x, count, sums + Lanes, sumStride);
        }
    }

    /// <summary>Adds the products of two panels with four rows of activations to sums[panel][row][16].</summary>
    /// <param name="panel">First panel; the second stands <paramref name="panelStride"/> floats behind.</param>
    /// <param name="x">First row of activations; the others stand <paramref name="stride"/> floats apart.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply2x4(float* panel, int panelStride, float* x, long stride, int count, float* sums)
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            MultiplyWide(panel, panelStride, x, stride, 1, count, sums, Lanes, 4 * Lanes);
            return;
        }
        // Eight sums of two registers each are all that sixteen registers hold.
        Multiply1x4(panel, x, stride, 1, count, sums, Lanes);
        Multiply1x4(panel + panelStride, x, stride, 1, count, sums + 4 * Lanes, Lanes);
    }

    /// <summary>Adds the products of one panel with four rows of activations, <paramref name="stride"/> floats apart, to sums[row][16].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply1x4(float* panel, float* x, long stride, int count, float* sums) => Multiply1x4(panel, x, stride, 1, count, sums, Lanes);

    /// <summary>x[row × rowStride + value × valueStride]; sums[row × sumStride].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply1x4(float* panel, float* x0, long rowStride, nint valueStride, int count, float* sums, int sumStride)
    {
        if (typeof(TLanes) == typeof(Lanes256))
        {
            FloatTile256.Multiply1x4(panel, x0, rowStride, valueStride, count, sums, sumStride);
            return;
        }
        float* x1 = x0 + rowStride, x2 = x1 + rowStride, x3 = x2 + rowStride;
        TLanes a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
        for (nint i = 0; count > 0; count--, i += valueStride, panel += Lanes)
        {
            TLanes a = TLanes.Load(panel);
            a0 = TLanes.MultiplyAdd(a, TLanes.Broadcast(x0[i]), a0);
            a1 = TLanes.MultiplyAdd(a, TLanes.Broadcast(x1[i]), a1);
            a2 = TLanes.MultiplyAdd(a, TLanes.Broadcast(x2[i]), a2);
            a3 = TLanes.MultiplyAdd(a, TLanes.Broadcast(x3[i]), a3);
        }
        Add(a0, sums);
        Add(a1, sums + sumStride);
        Add(a2, sums + 2 * sumStride);
        Add(a3, sums + 3 * sumStride);
    }

    /// <summary>x[row × rowStride + value × valueStride]; sums[panel × panelSums + row × sumStride].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyWide(
        float* panel, int panelStride, float* x0, long rowStride, nint valueStride, int count, float* sums, int sumStride, int panelSums)
    {
        float* x1 = x0 + rowStride, x2 = x1 + rowStride, x3 = x2 + rowStride, second = panel + panelStride;
        TLanes a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
        TLanes b0 = TLanes.Zero, b1 = TLanes.Zero, b2 = TLanes.Zero, b3 = TLanes.Zero;
        for (nint i = 0; count > 0; count--, i += valueStride, panel += Lanes, second += Lanes)
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
        Add(a1, sums + sumStride);
        Add(a2, sums + 2 * sumStride);
        Add(a3, sums + 3 * sumStride);
        sums += panelSums;
        Add(b0, sums);
        Add(b1, sums + sumStride);
        Add(b2, sums + 2 * sumStride);
        Add(b3, sums + 3 * sumStride);
    }

    /// <summary>Adds sixteen sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(TLanes value, float* sums) => (TLanes.Load(sums) + value).Store(sums);
}
