namespace LlamaEngine.Tokenization.Splitting;

/// <summary>Cuts text where a pattern matches. Text between the matches is kept.</summary>
/// <param name="invert">What the pattern does not match counts as the match, and the reverse.</param>
internal sealed class SplitPreTokenizer(SplitPattern pattern, SplitBehavior behavior, bool invert = false) : PreTokenizer
{
    /// <inheritdoc/>
    public override void Split(ReadOnlySpan<byte> text, bool atStart, PieceSink pieces)
    {
        if (behavior == SplitBehavior.Isolated)
            SplitIsolated(text, atStart, pieces);
        else
            SplitMerging(text, atStart, pieces);
    }

    // The way of nearly all models: every match and every gap is a piece, so that nothing needs remembering.
    private void SplitIsolated(ReadOnlySpan<byte> text, bool atStart, PieceSink pieces)
    {
        int done = 0;
        while (done < text.Length && pattern.TryFind(text, done, out int start, out int end))
        {
            pieces.Accept(text[done..start], atStart && done == 0);
            pieces.Accept(text[start..end], atStart && start == 0);
            done = end;
        }
        pieces.Accept(text[done..], atStart && done == 0);
    }

    private void SplitMerging(ReadOnlySpan<byte> text, bool atStart, PieceSink pieces)
    {
        foreach ((int start, int end) in SplitMerger.Merge(FindStretches(text), behavior))
            pieces.Accept(text[start..end], atStart && start == 0);
    }

    private List<Stretch> FindStretches(ReadOnlySpan<byte> text)
    {
        List<Stretch> stretches = [];
        int done = 0;
        while (done < text.Length && pattern.TryFind(text, done, out int start, out int end))
        {
            if (start > done)
                stretches.Add(new Stretch(done, start, invert));
            stretches.Add(new Stretch(start, end, !invert));
            done = end;
        }
        if (done < text.Length)
            stretches.Add(new Stretch(done, text.Length, invert));
        return stretches;
    }
}

/// <summary>A stretch of text that a pattern matched or passed over.</summary>
internal readonly record struct Stretch(int Start, int End, bool IsMatch);
