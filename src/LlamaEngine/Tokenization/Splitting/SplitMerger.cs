namespace LlamaEngine.Tokenization.Splitting;

/// <summary>Joins matches with what stands beside them, as a <see cref="SplitBehavior"/> asks for.</summary>
internal static class SplitMerger
{
    /// <summary>Makes pieces of stretches that follow each other without gaps.</summary>
    public static List<(int Start, int End)> Merge(List<Stretch> stretches, SplitBehavior behavior)
    {
        List<(int Start, int End)> pieces = new(stretches.Count);
        for (int i = 0; i < stretches.Count; i++)
        {
            (int start, int end, bool isMatch) = stretches[i];
            if (behavior == SplitBehavior.Removed && isMatch)
                continue;
            if (i > 0 && Joins(stretches[i - 1].IsMatch, isMatch, behavior))
                pieces[^1] = (pieces[^1].Start, end);
            else
                pieces.Add((start, end));
        }
        return pieces;
    }

    private static bool Joins(bool previous, bool current, SplitBehavior behavior) => behavior switch
    {
        SplitBehavior.MergedWithPrevious => current && !previous,
        SplitBehavior.MergedWithNext => previous && !current,
        SplitBehavior.Contiguous => previous == current,
        _ => false,
    };
}
