using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Backends.Cpu.Packing;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Operands of <see cref="PanelLinearKernel{TLanes, TElement}"/>; strides in floats.</summary>
internal unsafe struct PanelLinearJob
{
    /// <summary>Packed weight [group of 16 rows][value][row].</summary>
    public byte* Weight;
    public float* Bias, Input, Output;
    public int InputStride, OutputStride, Inputs, Outputs, Rows, RowBlocks;

    /// <summary>Many rows, as <see cref="PanelLinearKernel{TLanes, TElement}.PackInput"/> lays them out.</summary>
    public float* Packed;

    /// <summary>Scratch of thread 0; the others' stand behind.</summary>
    public byte* Scratch;
    public long ScratchStride;
}

/// <summary>
/// A linear layer with F32, F16 or BF16 weights and float32 activations. Weights are widened once, a panel of 16 rows × 128 values
/// at a time, into the first-level cache, and multiplied from there with all rows of activations; a single row is multiplied
/// from registers instead, so that memory never waits for arithmetic. One chunk is four groups × one block of rows.
/// </summary>
internal static unsafe class PanelLinearKernel<TLanes, TElement>
    where TLanes : struct, ILanes<TLanes>
    where TElement : struct, IFloatElement
{
    /// <summary>Groups of 16 weight rows in a chunk.</summary>
    public const int Groups = 4;

    /// <summary>Rows of activations in a block.</summary>
    public const int RowsPerBlock = 256;

    private const int Lanes = PackedLayout.Rows, PanelValues = 128, PanelFloats = PanelValues * Lanes, RowSums = Groups * Lanes;

    private static int TileRows => FloatTile<TLanes>.Rows;

    /// <summary>Scratch that one thread needs, in bytes: the last tile's rows may be more than the block's.</summary>
    public static int ScratchBytes => (Groups * PanelFloats + (RowsPerBlock + FloatTile<TLanes>.MostRows) * RowSums) * sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* state, int chunk, int thread)
    {
        PanelLinearJob* job = (PanelLinearJob*)state;
        float* panels = (float*)(job->Scratch + thread * job->ScratchStride), sums = panels + Groups * PanelFloats;
        int group = chunk / job->RowBlocks * Groups, firstRow = chunk % job->RowBlocks * RowsPerBlock;
        int rows = Math.Min(RowsPerBlock, job->Rows - firstRow);
        new Span<float>(sums, job->Rows == 1 ? RowSums : (rows + TileRows - 1) / TileRows * TileRows * RowSums).Clear();
        for (int first = 0; first < job->Inputs; first += PanelValues)
        {
            int count = Math.Min(PanelValues, job->Inputs - first);
            float* input = job->Input + (long)firstRow * job->InputStride + first;
            if (job->Rows == 1)
            {
                MultiplyRow(Source(job, group, first), Source(job, group + 1, first), Source(job, group + 2, first),
                    Source(job, group + 3, first), input, count, sums);
                continue;
            }
            for (int i = 0; i < Groups; i++)
                Widen(Source(job, group + i, first), count, panels + i * PanelFloats);
            MultiplyTiles(panels, Packed(job, firstRow, first), rows, count, sums);
        }
        for (int row = 0; row < rows; row++)
            WriteRow(job, group, firstRow + row, sums, row);
    }

    /// <summary>
    /// Lays out what one panel meets of a block of rows: [tile][value][row]. Side by side, since rows a power of two apart would
    /// push each other out of the first-level cache. A chunk is one panel's width × one block of rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackInput(void* state, int chunk, int thread)
    {
        PanelLinearJob* job = (PanelLinearJob*)state;
        int first = chunk / job->RowBlocks * PanelValues, firstRow = chunk % job->RowBlocks * RowsPerBlock;
        int rows = Math.Min(RowsPerBlock, job->Rows - firstRow), count = Math.Min(PanelValues, job->Inputs - first);
        float* source = job->Input + (long)firstRow * job->InputStride + first, target = Packed(job, firstRow, first);
        for (int row = 0; row < rows; row += TileRows)
        {
            int tileRows = Math.Min(TileRows, FloatTile<TLanes>.PaddedRows(rows - row));
            if (row + tileRows <= rows)
                PackTile(source + (long)row * job->InputStride, job->InputStride, tileRows, count, target);
            else
                PackLastTile(source + (long)row * job->InputStride, job->InputStride, tileRows, rows - row, count, target);
            target += tileRows * count;
        }
    }

    /// <summary>Four or <see cref="FloatTile{TLanes}.MostRows"/> rows, value by value, so that writes are in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackTile(float* x0, long stride, int tileRows, int count, float* target)
    {
        float* x1 = x0 + stride, x2 = x1 + stride, x3 = x2 + stride, x4 = x3 + stride, x5 = x4 + stride;
        for (nint i = 0; i < count; i++, target += tileRows)
        {
            target[0] = x0[i];
            target[1] = x1[i];
            target[2] = x2[i];
            target[3] = x3[i];
            if (tileRows == 4)
                continue;
            target[4] = x4[i];
            target[5] = x5[i];
        }
    }

    /// <summary>The rows that a last tile lacks are zero.</summary>
    private static void PackLastTile(float* source, long stride, int tileRows, int rows, int count, float* target)
    {
        new Span<float>(target, tileRows * count).Clear();
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < count; i++)
                target[i * tileRows + row] = source[row * stride + i];
        }
    }

    /// <summary>Floats of the packed input of a whole layer.</summary>
    public static long PackedFloats(int rows, int inputs) => (long)PaddedRows(rows) * inputs;

    /// <summary>Widths of panels in a row.</summary>
    public static int Panels(int inputs) => (inputs + PanelValues - 1) / PanelValues;

    /// <summary>Rows with those that are computed in vain. Whole blocks have none.</summary>
    private static int PaddedRows(int rows)
    {
        int inBlock = rows % RowsPerBlock, rest = inBlock % TileRows;
        return rows - rest + (rest == 0 ? 0 : Math.Min(TileRows, FloatTile<TLanes>.PaddedRows(rest)));
    }

    private static float* Packed(PanelLinearJob* job, int firstRow, int first)
    {
        int rows = Math.Min(RowsPerBlock, PaddedRows(job->Rows) - firstRow);
        return job->Packed + (long)firstRow * job->Inputs + (long)first * rows;
    }

    /// <summary>sums[row][group][16]. Two panels stay in the first-level cache while all rows pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyTiles(float* panels, float* packed, int rows, int count, float* sums)
    {
        for (int pair = 0; pair < Groups / 2; pair++)
        {
            float* x = packed;
            for (int row = 0; row < rows; row += TileRows)
            {
                int tileRows = Math.Min(TileRows, FloatTile<TLanes>.PaddedRows(rows - row));
                FloatTile<TLanes>.Multiply(
                    panels + 2 * pair * PanelFloats, PanelFloats, x, tileRows, count, sums + row * RowSums + 2 * pair * Lanes, RowSums);
                x += tileRows * count;
            }
        }
    }

    /// <summary>Values of a group from <paramref name="first"/> on. Groups past the end are computed from the last one and not written.</summary>
    private static byte* Source(PanelLinearJob* job, int group, int first) =>
        job->Weight + ((long)Math.Min(group, (job->Outputs - 1) / Lanes) * job->Inputs + first) * Lanes * TElement.Bytes;

    /// <summary>Adds the products of a panel's width of four groups with one row, in the order of <see cref="FloatTile{TLanes}"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyRow(byte* first, byte* second, byte* third, byte* fourth, float* x, int count, float* sums)
    {
        TLanes a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, d = TLanes.Zero;
        int step = Lanes * TElement.Bytes;
        for (int i = 0; i < count; i++)
        {
            // The hardware's own prefetching stops at the end of every page.
            if (TElement.Bytes == 4 || i % 2 == 0)
            {
                Prefetch.Line(Prefetch.Ahead(first));
                Prefetch.Line(Prefetch.Ahead(second));
                Prefetch.Line(Prefetch.Ahead(third));
                Prefetch.Line(Prefetch.Ahead(fourth));
            }
            TLanes value = TLanes.Broadcast(x[i]);
            a = TLanes.MultiplyAdd(TElement.Load<TLanes>(first), value, a);
            b = TLanes.MultiplyAdd(TElement.Load<TLanes>(second), value, b);
            c = TLanes.MultiplyAdd(TElement.Load<TLanes>(third), value, c);
            d = TLanes.MultiplyAdd(TElement.Load<TLanes>(fourth), value, d);
            first += step;
            second += step;
            third += step;
            fourth += step;
        }
        FloatTile<TLanes>.Add(a, sums);
        FloatTile<TLanes>.Add(b, sums + Lanes);
        FloatTile<TLanes>.Add(c, sums + 2 * Lanes);
        FloatTile<TLanes>.Add(d, sums + 3 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Widen(byte* source, int count, float* panel)
    {
        for (int i = 0; i < count; i++, source += Lanes * TElement.Bytes, panel += Lanes)
        {
            // The next panel: the hardware's own prefetching stops at the end of every page.
            if (TElement.Bytes == 4 || i % 2 == 0)
                Prefetch.Line(source + PanelValues * Lanes * TElement.Bytes);
            TElement.Load<TLanes>(source).Store(panel);
        }
    }

    /// <summary>Writes what is output and not padding, with its bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WriteRow(PanelLinearJob* job, int group, int row, float* sums, int rowInBlock)
    {
        float* output = job->Output + (long)row * job->OutputStride;
        for (int i = 0; i < Groups; i++)
        {
            float* source = sums + rowInBlock * RowSums + i * Lanes;
            GroupOutput.Write(source, job->Bias, (group + i) * Lanes, job->Outputs, output);
        }
    }
}
