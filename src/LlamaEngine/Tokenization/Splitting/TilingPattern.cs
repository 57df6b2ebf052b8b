namespace LlamaEngine.Tokenization.Splitting;

/// <summary>A pattern that matches at every place, so that its matches cover the text without gaps.</summary>
internal abstract class TilingPattern : SplitPattern
{
    /// <inheritdoc/>
    public sealed override bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        start = from;
        end = from < text.Length ? EndOfMatch(text, from) : from;
        return end > start;
    }

    /// <summary>Where the match that starts at <paramref name="start"/> ends.</summary>
    protected abstract int EndOfMatch(ReadOnlySpan<byte> text, int start);

    /// <summary>Skips characters of one class.</summary>
    protected static int Skip(ReadOnlySpan<byte> text, int index, CodePointClass kind)
    {
        while (index < text.Length && CodePointClasses.At(text, index, out int length) == kind)
            index += length;
        return index;
    }

    /// <summary>
    /// <c>\s+(?!\S)|\s+</c> for a run of white space from <paramref name="start"/> to <paramref name="end"/>: before other
    /// text the last character is left to the next match, if it is not the only one.
    /// </summary>
    /// <param name="last">Where the run's last character starts.</param>
    protected static int EndOfSpaces(ReadOnlySpan<byte> text, int start, int last, int end) =>
        end == text.Length || last == start ? end : last;

    /// <summary>Length of <c>'s|'t|'re|'ve|'m|'ll|'d</c> at <paramref name="index"/>; 0 if there is none.</summary>
    /// <param name="ignoreCase">With <c>(?i:…)</c>, under which ſ (U+017F) is an s too.</param>
    protected static int Contraction(ReadOnlySpan<byte> text, int index, bool ignoreCase)
    {
        ReadOnlySpan<byte> rest = text[index..];
        if (rest.Length < 2 || rest[0] != '\'')
            return 0;
        int fold = ignoreCase ? 0x20 : 0;
        switch (rest[1] | fold)
        {
            case 's' or 't' or 'm' or 'd':
                return 2;
            case 'r' or 'v' when rest.Length > 2 && (rest[2] | fold) == 'e':
            case 'l' when rest.Length > 2 && (rest[2] | fold) == 'l':
                return 3;
            default:
                return ignoreCase && rest[1..].StartsWith("ſ"u8) ? 3 : 0;
        }
    }
}
