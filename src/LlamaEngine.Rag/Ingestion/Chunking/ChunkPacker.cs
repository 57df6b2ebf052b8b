namespace LlamaEngine.Rag;

/// <summary>Puts units that stand under one heading into chunks.</summary>
/// <param name="text">The document's text.</param>
/// <param name="options">The limits.</param>
/// <param name="countTokens">Counts a text's tokens.</param>
internal sealed class ChunkPacker(string text, ChunkOptions options, Func<string, int> countTokens)
{
    /// <summary>Adds the chunks of some units, in order; each has at least one unit that the one before does not have.</summary>
    public void Pack(IReadOnlyList<TextUnit> units, IReadOnlyList<TextBlock> blocks, List<Chunk> chunks)
    {
        int first = 0;
        for (int done = 0; done < units.Count;)
        {
            (int end, int tokens) = Fill(units, first, done);
            TextBlock block = blocks[units[first].Block];
            chunks.Add(new Chunk(TextOf(units, first, end), block.Heading, block.Line, units[first].Start, tokens));
            done = end;
            if (done < units.Count)
                first = Overlap(units, first, done);
        }
    }

    /// <summary>How far a chunk reaches that begins at <paramref name="first"/> and goes beyond <paramref name="done"/>; the latter fits, which overlap sees to.</summary>
    private (int End, int Tokens) Fill(IReadOnlyList<TextUnit> units, int first, int done)
    {
        int end = done + 1, guess = 0;
        for (int i = first; i <= done; i++)
            guess += units[i].Tokens;
        while (end < units.Count && guess + units[end].Tokens <= options.MaxTokens)
            guess += units[end++].Tokens;

        // Sentences have other counts side by side than alone, if by little: the joined text decides.
        int tokens = Count(units, first, end);
        while (tokens > options.MaxTokens && end > done + 1)
            tokens = Count(units, first, --end);
        while (end < units.Count && tokens + units[end].Tokens <= options.MaxTokens && Count(units, first, end + 1) is var more && more <= options.MaxTokens)
        {
            tokens = more;
            end++;
        }
        return (end, tokens);
    }

    /// <summary>Where the chunk after the one of the units <paramref name="first"/> … <paramref name="done"/> − 1 begins.</summary>
    /// <returns>Behind <paramref name="first"/>; what is repeated keeps the limit of the overlap, and with the next unit that of a chunk.</returns>
    private int Overlap(IReadOnlyList<TextUnit> units, int first, int done)
    {
        int begin = done;
        for (int sum = 0; begin - 1 > first && units[begin - 1].IsWhole && sum + units[begin - 1].Tokens <= options.OverlapTokens; begin--)
            sum += units[begin - 1].Tokens;
        while (begin < done && (Count(units, begin, done) > options.OverlapTokens || Count(units, begin, done + 1) > options.MaxTokens))
            begin++;
        return begin;
    }

    private string TextOf(IReadOnlyList<TextUnit> units, int first, int end) => text[units[first].Start..units[end - 1].End];

    private int Count(IReadOnlyList<TextUnit> units, int first, int end) =>
        end == first + 1 ? units[first].Tokens : countTokens(TextOf(units, first, end));
}
