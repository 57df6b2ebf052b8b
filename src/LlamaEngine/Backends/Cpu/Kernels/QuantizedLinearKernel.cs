using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Backends.Cpu.Packing;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Operands of <see cref="QuantizedLinearKernel{TWords, TFormat, TShape, TTile}"/> and <see cref="Rows.RowLinearKernel{TProduct}"/>.</summary>
internal unsafe struct QuantizedLinearJob
{
    /// <summary>Packed weight: groups of 16 rows, each a row of units.</summary>
    public byte* Weight;
    public int Units, Outputs;

    /// <summary>Bytes of a group.</summary>
    public long GroupBytes;

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
/// A linear layer with quantized weights and many rows of rounded activations. Weights are unpacked once, a panel of 16 rows × 256 values at
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

    private static int StepsPerUnit
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.UnitValues / Step<TShape>.Values;
    }

    private static int UnitsPerPanel => ActivationLayout.PanelValues / TFormat.UnitValues;

    private static int PanelBytes => ActivationLayout.PanelValues / Step<TShape>.Values * Step<TShape>.PanelBytes;

    /// <summary>Scratch that one thread needs, in bytes.</summary>
    public static int ScratchBytes => Groups * PanelBytes + ActivationLayout.RowsPerBlock * Groups * Lanes * sizeof(float);

    /// <summary>A chunk is GroupsPerChunk groups × one block of rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* state, int chunk, int thread)
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
                GroupOutput.Write(rowSums, job->Bias, (group + i) * Lanes, job->Outputs, output);
        }
    }

    /// <summary>sums[tile][pair of groups][group][row][16].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
                Expand(job->Weight + source * job->GroupBytes + (long)first * TFormat.UnitBytes, units, panels + i * PanelBytes);
            }
            // Two panels stay in the first-level cache while all tiles pass: four of 16-bit codes would not.
            int tileBytes = steps * Step<TShape>.ActivationBytes(TileRows);
            for (int pair = 0; pair < pairs; pair++)
            {
                byte* tileActivations = activations, pairPanels = panels + 2 * pair * PanelBytes;
                float* tileSums = sums + pair * PairSums;
                for (int tile = 0; tile < tiles; tile++)
                {
                    Prefetch.Lines(tileActivations + tileBytes, tileBytes);
                    TTile.Multiply2x4(pairPanels, PanelBytes, tileActivations, steps, tileSums);
                    tileActivations += tileBytes;
                    tileSums += pairs * PairSums;
                }
            }
            activations += tiles * tileBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand(byte* unit, int units, byte* panel)
    {
        int panelBytes = StepsPerUnit * Step<TShape>.PanelBytes;
        for (int i = 0; i < units; i++)
            TFormat.Expand<TWords>(unit + i * TFormat.UnitBytes, panel + i * panelBytes);
    }
}
