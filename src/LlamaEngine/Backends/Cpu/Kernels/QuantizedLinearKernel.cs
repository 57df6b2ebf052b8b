using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using LlamaEngine.Backends.Cpu.Packing;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Operands of <see cref="QuantizedLinearKernel{TWords, TFormat, TShape, TTile}"/>.</summary>
internal unsafe struct QuantizedLinearJob
{
    /// <summary>Packed weight: groups of 16 rows, each a row of units.</summary>
    public byte* Weight;
    public int Units, Outputs;

    /// <summary>One a output, or null.</summary>
    public float* Bias;

    /// <summary>Rows rounded to 8 bits.</summary>
    public byte* Activations;
    public ActivationLayout Layout;
    public float* Output;
    public int OutputStride;

    /// <summary>Groups in a chunk; even where there are many rows.</summary>
    public int GroupsPerChunk;

    /// <summary>Scratch of thread 0; the others' stand behind.</summary>
    public byte* Scratch;
    public long ScratchStride;
}

/// <summary>
/// A linear layer with quantized weights and 8-bit activations. Weights are unpacked once, a panel of 16 rows × 256 values at
/// a time, into the first-level cache, and multiplied from there with all rows of activations.
/// </summary>
internal static unsafe class QuantizedLinearKernel<TWords, TFormat, TShape, TTile>
    where TWords : struct, IWords<TWords>
    where TFormat : struct, IPackedFormat
    where TShape : struct, IStepShape
    where TTile : struct, ITile
{
    /// <summary>Groups that share a block of activations while it is in the first-level cache.</summary>
    public const int Groups = 4;

    private const int Lanes = PackedLayout.Rows, TileRows = Step<TShape>.TileRows, PairSums = 2 * TileRows * Lanes;

    // How far ahead of its use one row's product asks for weights: the hardware stops at the end of every page.
    private const int PrefetchBytes = 4096, LineBytes = 64;

    private static int StepsPerUnit
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.UnitValues / Step<TShape>.Values;
    }

    private static int UnitsPerPanel => ActivationLayout.PanelValues / TFormat.UnitValues;

    private static int PanelBytes => ActivationLayout.PanelValues / Step<TShape>.Values * Step<TShape>.PanelBytes;

    /// <summary>Scratch that one thread needs, in bytes.</summary>
    public static int ScratchBytes => Groups * PanelBytes + ActivationLayout.RowsPerBlock * Groups * Lanes * sizeof(float);

    /// <summary>One row of activations. A chunk is GroupsPerChunk groups.</summary>
    public static void RunOne(void* state, int chunk, int thread)
    {
        QuantizedLinearJob* job = (QuantizedLinearJob*)state;
        byte* panel = job->Scratch + thread * job->ScratchStride;
        float* sums = (float*)(panel + PanelBytes);
        int end = Math.Min((chunk + 1) * job->GroupsPerChunk, (job->Outputs + Lanes - 1) / Lanes);
        for (int group = chunk * job->GroupsPerChunk; group < end; group++)
        {
            MultiplyGroup(job, group, panel, sums);
            Write(sums, job->Bias, group * Lanes, job->Outputs, job->Output);
        }
    }

    /// <summary>Many rows of activations. A chunk is GroupsPerChunk groups × one block of rows.</summary>
    public static void RunMany(void* state, int chunk, int thread)
    {
        QuantizedLinearJob* job = (QuantizedLinearJob*)state;
        byte* panels = job->Scratch + thread * job->ScratchStride;
        float* sums = (float*)(panels + Groups * PanelBytes);
        int rowBlock = chunk % job->Layout.RowBlocks, group = chunk / job->Layout.RowBlocks * job->GroupsPerChunk;
        int pairs = (Math.Min(job->GroupsPerChunk, (job->Outputs + Lanes - 1) / Lanes - group) + 1) / 2;
        MultiplyBlock(job, group, pairs, rowBlock, panels, sums);
        int firstRow = rowBlock * ActivationLayout.RowsPerBlock, rows = Math.Min(ActivationLayout.RowsPerBlock, job->Layout.Rows - firstRow);
        for (int row = 0; row < rows; row++)
        {
            float* rowSums = sums + row / TileRows * pairs * PairSums + row % TileRows * Lanes;
            float* output = job->Output + (long)(firstRow + row) * job->OutputStride;
            for (int i = 0; i < 2 * pairs; i++, rowSums += TileRows * Lanes)
                Write(rowSums, job->Bias, (group + i) * Lanes, job->Outputs, output);
        }
    }

    private static void MultiplyGroup(QuantizedLinearJob* job, int group, byte* panel, float* sums)
    {
        new Span<float>(sums, Lanes).Clear();
        byte* unit = job->Weight + (long)group * job->Units * TFormat.UnitBytes;
        byte* activations = job->Activations;
        for (int first = 0; first < job->Units; first += UnitsPerPanel)
        {
            int units = Math.Min(UnitsPerPanel, job->Units - first), steps = units * StepsPerUnit;
            ExpandAhead(unit, units, panel);
            TTile.Multiply1x1(panel, activations, steps, sums);
            unit += units * TFormat.UnitBytes;
            activations += steps * Step<TShape>.ActivationBytes(1);
        }
    }

    /// <summary>sums[tile][pair of groups][group][row][16].</summary>
    private static void MultiplyBlock(QuantizedLinearJob* job, int group, int pairs, int rowBlock, byte* panels, float* sums)
    {
        int tiles = job->Layout.TilesIn(rowBlock);
        new Span<float>(sums, tiles * pairs * PairSums).Clear();
        byte* activations = job->Activations + job->Layout.BlockOffset(rowBlock);
        for (int first = 0; first < job->Units; first += UnitsPerPanel)
        {
            int units = Math.Min(UnitsPerPanel, job->Units - first), steps = units * StepsPerUnit;
            for (int i = 0; i < 2 * pairs; i++)
            {
                // A last group without partner is multiplied twice; the second result is not written.
                int source = (group + i) * Lanes < job->Outputs ? group + i : group;
                Expand(job->Weight + ((long)source * job->Units + first) * TFormat.UnitBytes, units, panels + i * PanelBytes);
            }
            float* tileSums = sums;
            int tileBytes = steps * Step<TShape>.ActivationBytes(TileRows);
            for (int tile = 0; tile < tiles; tile++)
            {
                Prefetch(activations + tileBytes, tileBytes);
                for (int pair = 0; pair < pairs; pair++, tileSums += PairSums)
                    TTile.Multiply2x4(panels + 2 * pair * PanelBytes, PanelBytes, activations, steps, tileSums);
                activations += tileBytes;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand(byte* unit, int units, byte* panel)
    {
        int panelBytes = StepsPerUnit * Step<TShape>.PanelBytes;
        for (int i = 0; i < units; i++)
            TFormat.Expand<TWords>(unit + i * TFormat.UnitBytes, panel + i * panelBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ExpandAhead(byte* unit, int units, byte* panel)
    {
        int panelBytes = StepsPerUnit * Step<TShape>.PanelBytes;
        for (int i = 0; i < units; i++)
        {
            Prefetch(unit + PrefetchBytes, TFormat.UnitBytes);
            TFormat.Expand<TWords>(unit, panel);
            unit += TFormat.UnitBytes;
            panel += panelBytes;
        }
    }

    /// <summary>Asks for memory that is needed soon; never faults.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* address, int bytes)
    {
        if (!Sse.IsSupported)
            return;
        for (int offset = 0; offset < bytes; offset += LineBytes)
            Sse.Prefetch0(address + offset);
    }

    /// <summary>Writes the sums of a group that are outputs and not padding, with their bias.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(float* sums, float* bias, int first, int outputs, float* output)
    {
        int count = Math.Min(Lanes, outputs - first);
        if (count == Lanes && bias == null)
        {
            *(Line*)(output + first) = *(Line*)sums;
            return;
        }
        for (int i = 0; i < count; i++)
            output[first + i] = bias == null ? sums[i] : sums[i] + bias[first + i];
    }

    [InlineArray(Lanes)]
    private struct Line
    {
        private float _first;
    }
}
