using LlamaEngine.Backends;

namespace LlamaEngine.Scheduling;

/// <summary>One step of the loop: a plan, and whose it is. Kept until its results were handed over, then used again.</summary>
internal sealed class EngineStep(BatchPlan plan)
{
    private readonly List<Part> _parts = [];

    /// <summary>What is computed.</summary>
    public BatchPlan Plan => plan;

    /// <summary>Whose it is, in the order of <see cref="BatchPlan.Sequences"/>; empty before <see cref="Assign"/>.</summary>
    public IReadOnlyList<Part> Parts => _parts;

    /// <summary>Notes whose it is, and asks the device to draw tokens for those who need not see their logits.</summary>
    public void Assign(IReadOnlyList<Sequence> sequences)
    {
        int logits = 0, hidden = 0;
        for (int i = 0; i < sequences.Count; i++)
        {
            int end = plan.Sequences[i].FirstRow + plan.Sequences[i].RowCount;
            int logitRows = CountUpTo(plan.LogitRows, logits, end), hiddenRows = CountUpTo(plan.HiddenRows, hidden, end);
            bool draws = logitRows == 1 && plan.Sampling is { } sampling && sequences[i].TryDraw(sampling, logits);
            SkipTo(draws ? logits + 1 : logits + logitRows);
            _parts.Add(new Part(sequences[i], sequences[i].Era, logits, logitRows, hidden, hiddenRows, draws));
            logits += logitRows;
            hidden += hiddenRows;
        }
    }

    /// <summary>Forgets whose it was: who has ended is then held by nobody here.</summary>
    public void Clear() => _parts.Clear();

    // What is drawn for a row of logits stands at its place.
    private void SkipTo(int row)
    {
        while (plan.Sampling is { } sampling && sampling.Rows.Length < row && sampling.TrySkip())
        {
        }
    }

    private static int CountUpTo(ReadOnlySpan<int> rows, int from, int end)
    {
        int count = 0;
        while (from + count < rows.Length && rows[from + count] < end)
            count++;
        return count;
    }

    /// <summary>What of the step is one sequence's.</summary>
    /// <param name="Sequence">The sequence.</param>
    /// <param name="Era">Its <see cref="Sequence.Era"/> then.</param>
    /// <param name="FirstLogits">Its first row among those with logits.</param>
    /// <param name="LogitRows">How many they are.</param>
    /// <param name="FirstHidden">Its first row among those with hidden states.</param>
    /// <param name="HiddenRows">How many they are.</param>
    /// <param name="Draws">The device draws its next token.</param>
    public readonly record struct Part(
        Sequence Sequence, int Era, int FirstLogits, int LogitRows, int FirstHidden, int HiddenRows, bool Draws)
    {
        /// <summary>Nobody wants its results any more: the sequence has ended, or is computed anew.</summary>
        public bool IsVoid => Sequence.Era != Era;
    }
}
