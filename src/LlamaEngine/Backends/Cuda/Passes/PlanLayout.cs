using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Backends.Cuda.Passes;

/// <summary>Where the arrays of a plan stand, in bytes from the start of a slot's block, on the host and on the device alike.</summary>
/// <remarks>
/// Places follow from the padded shape alone, so a graph finds them where they were. What has any length comes last, and only as much of
/// it is copied as there is.
/// </remarks>
internal readonly unsafe struct PlanLayout
{
    private const int Alignment = 16;

    /// <summary>Computes the places.</summary>
    /// <param name="shape">Sizes, padding included.</param>
    /// <param name="tiles">Tiles of prefill.</param>
    public PlanLayout(in PassShape shape, int tiles)
    {
        long next = 0;
        Tokens = Take(shape.Rows, sizeof(int));
        Positions = Take(shape.Rows, sizeof(int));
        CacheSlots = Take(shape.Rows, sizeof(int));
        RowSequences = Take(shape.Rows, sizeof(int));
        LogitRows = Take(shape.LogitRows, sizeof(int));
        HiddenRows = Take(shape.HiddenRows, sizeof(int));
        Sequences = Take(shape.Sequences, sizeof(PlanSequence));
        Tiles = Take(tiles, PrefillTile.Ints * sizeof(int));
        Sampling = Take(shape.SampledRows, sizeof(RowSampling));
        BlockTables = next;

        long Take(int count, int size)
        {
            long place = next;
            next += ((long)count * size + Alignment - 1) / Alignment * Alignment;
            return place;
        }
    }

    public long Tokens { get; }

    public long Positions { get; }

    public long CacheSlots { get; }

    public long RowSequences { get; }

    public long LogitRows { get; }

    public long HiddenRows { get; }

    public long Sequences { get; }

    public long Tiles { get; }

    public long Sampling { get; }

    public long BlockTables { get; }

    /// <summary>Bytes that any plan of these capacities takes.</summary>
    public static long MaxBytes(BatchPlan plan)
    {
        int rows = plan.MaxTokens, sampled = plan.Sampling?.Capacity.Rows ?? 0;
        var largest = new PassShape(rows, rows, rows, Math.Max(rows, plan.MaxSequences), Math.Max(rows, sampled), 1, false);
        return new PlanLayout(largest, PrefillTile.MaxCount(plan)).BlockTables + (long)plan.MaxBlocks * sizeof(int);
    }
}

/// <summary>The tiles that prefill is cut into: [tiles][3], first row, rows, sequence.</summary>
internal static unsafe class PrefillTile
{
    /// <summary>Numbers of a tile.</summary>
    public const int Ints = 3;

    /// <summary>
    /// Sequences with at least so many rows are attended to tile by tile. Fewer rows would leave most of a tile empty, and a long
    /// context to one block alone.
    /// </summary>
    public const int MinRows = 9;

    /// <summary>Most tiles of a plan.</summary>
    public static int MaxCount(BatchPlan plan) => plan.MaxTokens / MinRows + plan.MaxTokens / AttendArguments.TileRows + 1;

    /// <summary>Tiles of a plan.</summary>
    public static int Count(BatchPlan plan)
    {
        int count = 0;
        foreach (PlannedSequence sequence in plan.Sequences)
            count += sequence.RowCount < MinRows ? 0 : (sequence.RowCount + AttendArguments.TileRows - 1) / AttendArguments.TileRows;
        return count;
    }

    /// <summary>Writes the tiles of a plan.</summary>
    public static void Write(BatchPlan plan, int* tiles)
    {
        for (int i = 0; i < plan.SequenceCount; i++)
        {
            PlannedSequence sequence = plan.Sequences[i];
            for (int row = 0; sequence.RowCount >= MinRows && row < sequence.RowCount; row += AttendArguments.TileRows)
            {
                *tiles++ = sequence.FirstRow + row;
                *tiles++ = Math.Min(AttendArguments.TileRows, sequence.RowCount - row);
                *tiles++ = i;
            }
        }
    }
}
