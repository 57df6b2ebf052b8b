namespace LlamaEngine.Rag;

/// <summary>What chunks are made of: a sentence, or a piece of one that is too long for a chunk.</summary>
/// <param name="Start">Where it begins in the document's text.</param>
/// <param name="End">Where it ends; not included.</param>
/// <param name="Block">The number of its block.</param>
/// <param name="Tokens">How many tokens it takes alone.</param>
/// <param name="IsWhole">It is a sentence, not a piece of one.</param>
internal readonly record struct TextUnit(int Start, int End, int Block, int Tokens, bool IsWhole);

/// <summary>Cuts blocks into units, none of which has more tokens than a chunk may have.</summary>
/// <param name="text">The document's text.</param>
/// <param name="maxTokens">The limit of a chunk.</param>
/// <param name="countTokens">Counts a text's tokens.</param>
internal sealed class SentenceCutter(string text, int maxTokens, Func<string, int> countTokens)
{
    /// <summary>
    /// Longer texts are cut without being counted whole: they are too long but for oddities such as a line of dashes, and tokenizers need not take a
    /// million letters without a space in linear time.
    /// </summary>
    private readonly int _surelyLong = maxTokens * 16;

    private List<TextUnit> _units = [];

    /// <summary>Adds the units of a block that begins at a position of the text.</summary>
    public void Add(int start, int block, string content)
    {
        foreach (Range range in content.Contains('\n') ? LinesOf(content) : SentenceSplitter.Split(content))
        {
            (int offset, int length) = range.GetOffsetAndLength(content.Length);
            AddSentence(start + offset, start + offset + length, block);
        }
    }

    /// <summary>The units since the last call.</summary>
    public List<TextUnit> Take()
    {
        List<TextUnit> units = _units;
        _units = [];
        return units;
    }

    /// <summary>The lines of code that are not blank, with what they begin with.</summary>
    private static IEnumerable<Range> LinesOf(string code)
    {
        for (int start = 0; start < code.Length;)
        {
            int end = code.IndexOf('\n', start);
            if (end < 0)
                end = code.Length;
            if (!code.AsSpan(start, end - start).IsWhiteSpace())
                yield return start..end;
            start = end + 1;
        }
    }

    private void AddSentence(int start, int end, int block)
    {
        if (TryCount(start, end, out int tokens))
        {
            _units.Add(new TextUnit(start, end, block, tokens, IsWhole: true));
            return;
        }
        for (int at = SkipSpace(start, end); at < end;)
        {
            int length = PieceLength(at, end, out tokens);
            _units.Add(new TextUnit(at, at + length, block, tokens, IsWhole: false));
            at = SkipSpace(at + length, end);
        }
    }

    private int SkipSpace(int at, int end)
    {
        while (at < end && char.IsWhiteSpace(text[at]))
            at++;
        return at;
    }

    /// <summary>The length of a piece within the limit: up to the end of a word, or where the first word alone is too long, some of its characters.</summary>
    private int PieceLength(int start, int end, out int tokens)
    {
        int length = Math.Min(end - start, _surelyLong);
        while (true)
        {
            length = WordEnd(start, length, end);
            if (TryCount(start, start + length, out tokens))
                return length;
            // Aim at the limit by the tokens counted, and at no more than nine tenths of what was too long.
            int aim = (int)((long)length * maxTokens / tokens);
            int shorter = Math.Min(Math.Max(aim, 1), length - Math.Max(1, length / 10));
            if (shorter <= 0 || (char.IsHighSurrogate(text[start]) && length <= 2))
                throw new ArgumentException($"One character has {tokens:N0} tokens; a chunk has at most {maxTokens:N0}.");
            length = shorter;
        }
    }

    /// <summary>The last end of a word within a length; where there is none, the last end of a character.</summary>
    private int WordEnd(int start, int length, int end)
    {
        int at = start + length;
        if (at == end || char.IsWhiteSpace(text[at]))
            return TrimmedLength(start, at);
        int word = at;
        while (word > start && !char.IsWhiteSpace(text[word - 1]))
            word--;
        if (TrimmedLength(start, word) is > 0 and int whole)
            return whole;
        if (char.IsLowSurrogate(text[at]) && char.IsHighSurrogate(text[at - 1]))
            return length > 1 ? length - 1 : 2;
        return length;
    }

    private int TrimmedLength(int start, int end)
    {
        while (end > start && char.IsWhiteSpace(text[end - 1]))
            end--;
        return end - start;
    }

    private bool TryCount(int start, int end, out int tokens)
    {
        if (end - start > _surelyLong)
        {
            tokens = int.MaxValue;
            return false;
        }
        tokens = countTokens(text[start..end]);
        return tokens <= maxTokens;
    }
}
