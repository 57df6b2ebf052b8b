using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Backends.Cuda.Passes;

/// <summary>How large a pass is, padded where it may be replayed: what a graph's launches depend on.</summary>
/// <param name="Rows">Rows that are launched.</param>
/// <param name="LogitRows">Rows of them whose logits are wanted.</param>
/// <param name="HiddenRows">Rows of them whose hidden states are wanted.</param>
/// <param name="Sequences">Sequences, padding included.</param>
/// <param name="SampledRows">Rows that the sampling kernel looks at; 0: it is not launched.</param>
/// <param name="Chunks">Chunks of positions that the longest context has, or more.</param>
/// <param name="IsUniform">Every sequence has one row, and of each the logits are wanted: the pass may be recorded and replayed.</param>
internal readonly record struct PassShape(
    int Rows, int LogitRows, int HiddenRows, int Sequences, int SampledRows, int Chunks, bool IsUniform)
{
    /// <summary>The shape of a plan.</summary>
    public static PassShape Of(BatchPlan plan)
    {
        int longest = 0, sampled = plan.Sampling is { DrawCount: > 0 } sampling ? sampling.Rows.Length : 0;
        foreach (PlannedSequence sequence in plan.Sequences)
            longest = Math.Max(longest, sequence.ContextLength);
        int rows = plan.TokenCount, chunks = ChunksFor(longest);
        if (rows == 0 || plan.SequenceCount != rows || plan.LogitRowCount != rows || plan.HiddenRowCount != 0)
            return new PassShape(rows, plan.LogitRowCount, plan.HiddenRowCount, plan.SequenceCount, sampled, chunks, IsUniform: false);
        // More rows than plans may have nobody has room for.
        int padded = Math.Min(PaddedRows(rows), Math.Min(plan.MaxTokens, plan.MaxSequences));
        return new PassShape(padded, padded, 0, padded, sampled > 0 ? padded : 0, PaddedChunks(chunks), IsUniform: true);
    }

    /// <summary>Chunks of a context.</summary>
    public static int ChunksFor(long positions) => (int)((positions + AttendArguments.ChunkPositions - 1) / AttendArguments.ChunkPositions);

    /// <summary>1, 2, 4, 8, 16, 24, 32, 48, 64 and so on by quarters of the power of two below, at least by 16: little is computed in vain.</summary>
    internal static int PaddedRows(int rows)
    {
        if (rows <= 8)
            return PowerOfTwo(rows);
        int step = rows <= 32 ? 8 : Math.Max(16, PowerOfTwo(rows) / 8);
        return (rows + step - 1) / step * step;
    }

    /// <summary>Powers of two: a context that grows seldom needs another graph.</summary>
    internal static int PaddedChunks(int chunks) => PowerOfTwo(Math.Max(chunks, 1));

    private static int PowerOfTwo(int count) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count);
}
