using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
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

    private const int Lanes = PackedLayout.Rows, PanelValues = 128, PanelFloats = PanelValues * Lanes, TileRows = 4;
    private const int PairSums = 2 * TileRows * Lanes, TileSums = Groups / 2 * PairSums;

    /// <summary>Scratch that one thread needs, in bytes.</summary>
    public static int ScratchBytes => (Groups * PanelFloats + RowsPerBlock * Groups * Lanes) * sizeof(float);

    public static void Run(void* state, int chunk, int thread)
    {
        PanelLinearJob* job = (PanelLinearJob*)state;
        float* panels = (float*)(job->Scratch + thread * job->ScratchStride), sums = panels + Groups * PanelFloats;
        int group = chunk / job->RowBlocks * Groups, firstRow = chunk % job->RowBlocks * RowsPerBlock;
        int rows = Math.Min(RowsPerBlock, job->Rows - firstRow);
        new Span<float>(sums, job->Rows == 1 ? Groups * Lanes : (rows + TileRows - 1) / TileRows * TileSums).Clear();
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
            MultiplyTiles(panels, input, job->InputStride, rows, count, sums);
        }
        for (int row = 0; row < rows; row++)
            WriteRow(job, group, firstRow + row, sums, row);
    }

    private static void MultiplyTiles(float* panels, float* input, long stride, int rows, int count, float* sums)
    {
        float* last = stackalloc float[TileRows * PanelValues];
        for (int row = 0; row < rows; row += TileRows, input += TileRows * stride)
        {
            float* x = input;
            long xStride = stride;
            if (rows - row < TileRows)
            {
                // The rows that a last tile lacks are zero.
                new Span<float>(last, TileRows * PanelValues).Clear();
                for (int i = 0; i < rows - row; i++)
                    new ReadOnlySpan<float>(input + i * stride, count).CopyTo(new Span<float>(last + i * PanelValues, PanelValues));
                x = last;
                xStride = PanelValues;
            }
            for (int pair = 0; pair < Groups / 2; pair++, sums += PairSums)
                FloatTile<TLanes>.Multiply2x4(panels + 2 * pair * PanelFloats, PanelFloats, x, xStride, count, sums);
        }
    }

    /// <summary>Values of a group from <paramref name="first"/> on. Groups past the end are computed from the last one and not written.</summary>
    private static byte* Source(PanelLinearJob* job, int group, int first) =>
        job->Weight + ((long)Math.Min(group, (job->Outputs - 1) / Lanes) * job->Inputs + first) * Lanes * TElement.Bytes;

    /// <summary>Adds the products of a panel's width of four groups with one row, in the order of <see cref="FloatTile{TLanes}"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyRow(byte* first, byte* second, byte* third, byte* fourth, float* x, int count, float* sums)
    {
        const int Ahead = 4096;
        TLanes a = TLanes.Zero, b = TLanes.Zero, c = TLanes.Zero, d = TLanes.Zero;
        int step = Lanes * TElement.Bytes;
        for (int i = 0; i < count; i++)
        {
            // The hardware's own prefetching stops at the end of every page.
            if (Sse.IsSupported && (TElement.Bytes == 4 || i % 2 == 0))
            {
                Sse.Prefetch0(first + Ahead);
                Sse.Prefetch0(second + Ahead);
                Sse.Prefetch0(third + Ahead);
                Sse.Prefetch0(fourth + Ahead);
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
            if (Sse.IsSupported && (TElement.Bytes == 4 || i % 2 == 0))
                Sse.Prefetch0(source + PanelValues * Lanes * TElement.Bytes);
            TElement.Load<TLanes>(source).Store(panel);
        }
    }

    /// <summary>Writes what is output and not padding, with its bias.</summary>
    private static void WriteRow(PanelLinearJob* job, int group, int row, float* sums, int rowInBlock)
    {
        float* output = job->Output + (long)row * job->OutputStride;
        for (int i = 0; i < Groups; i++)
        {
            float* source = job->Rows == 1
                ? sums + i * Lanes
                : sums + rowInBlock / TileRows * TileSums + i / 2 * PairSums + i % 2 * TileRows * Lanes + rowInBlock % TileRows * Lanes;
            int first = (group + i) * Lanes, count = Math.Min(Lanes, job->Outputs - first);
            for (int lane = 0; lane < count; lane++)
                output[first + lane] = job->Bias == null ? source[lane] : source[lane] + job->Bias[first + lane];
        }
    }
}
