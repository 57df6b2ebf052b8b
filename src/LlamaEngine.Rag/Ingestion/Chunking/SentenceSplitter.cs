namespace LlamaEngine.Rag;

/// <summary>Finds the sentences of a text.</summary>
/// <remarks>
/// Where it is not clear that a sentence ends, it goes on: two sentences taken for one still read well, half a sentence does not. Time is linear in
/// the length.
/// </remarks>
internal static class SentenceSplitter
{
    private const string Stops = ".!?…؟۔।";
    private const string WideStops = "。！？｡．";
    private const string Closers = ")]}\"'”’»›」』）］】〉》";
    private const string Openers = "([{\"'“‘«‹„";

    /// <summary>The sentences of a text, in order, without the white space around them.</summary>
    /// <remarks>They cover all that is not white space. None reaches across a blank line; a single line break is white space like any other.</remarks>
    public static List<Range> Split(string text)
    {
        List<Range> sentences = [];
        for (int at = SkipSpace(text, 0); at < text.Length; at = SkipSpace(text, at))
        {
            int end = EndOfSentence(text, at);
            sentences.Add(at..end);
            at = end;
        }
        return sentences;
    }

    private static int EndOfSentence(string text, int start)
    {
        for (int i = start; i < text.Length;)
        {
            char c = text[i];
            if (Stops.Contains(c) || WideStops.Contains(c))
            {
                int after = AfterStop(text, i);
                if (after == text.Length || (WideStops.Contains(c) && !IsWideDecimal(text, i)))
                    return after;
                if (char.IsWhiteSpace(text[after]) && EndsHere(text, start, i, after))
                    return after;
                i = after;
            }
            else if (char.IsWhiteSpace(c))
            {
                int next = SkipSpace(text, i);
                if (next == text.Length || HasBlankLine(text.AsSpan(i, next - i)))
                    return i;
                i = next;
            }
            else
            {
                i++;
            }
        }
        return text.Length;
    }

    private static bool IsWideDecimal(string text, int stop) => text[stop] == '．' && stop + 1 < text.Length && char.IsDigit(text[stop + 1]);

    /// <summary>Past a run of stops, what closes quotes and brackets behind it, and references such as "[3]".</summary>
    private static int AfterStop(string text, int at)
    {
        while (at < text.Length && (Stops.Contains(text[at]) || WideStops.Contains(text[at])))
            at++;
        while (at < text.Length)
        {
            int reference = text[at] == '[' ? EndOfReference(text, at) : -1;
            if (reference > 0)
                at = reference;
            else if (Closers.Contains(text[at]))
                at++;
            else
                break;
        }
        return at;
    }

    private static int EndOfReference(string text, int at)
    {
        int i = at + 1;
        while (i < text.Length && i - at < 5 && char.IsAsciiDigit(text[i]))
            i++;
        return i > at + 1 && i < text.Length && text[i] == ']' ? i + 1 : -1;
    }

    /// <summary>Whether the stop at <paramref name="stop"/>, after which white space begins at <paramref name="after"/>, ends the sentence.</summary>
    private static bool EndsHere(string text, int start, int stop, int after)
    {
        int next = SkipSpace(text, after);
        if (next == text.Length || HasBlankLine(text.AsSpan(after, next - after)))
            return true;
        char first = text[next];
        if (Stops.Contains(first) || Closers.Contains(first) && !Openers.Contains(first) || first is ',' or ';' or ':')
            return false;

        bool full = text[stop] == '.' && (stop + 1 == after || !Stops.Contains(text[stop + 1]));
        bool closed = !Stops.Contains(text[after - 1]);
        ReadOnlySpan<char> word = full ? WordBefore(text, start, stop) : default;
        if (char.IsLower(first))
            return !closed && word.Length >= 5 && IsLowerWord(word) && !Abbreviations.Contains(word);
        if (!full)
            return true;

        bool opensSentence = stop - word.Length == start;
        return !(opensSentence && IsNumbering(word)) && !Abbreviations.GoOn(word, NextWord(text, next), first, opensSentence);
    }

    private static ReadOnlySpan<char> WordBefore(string text, int start, int stop)
    {
        int begin = stop;
        while (begin > start && !char.IsWhiteSpace(text[begin - 1]) && !Openers.Contains(text[begin - 1]))
            begin--;
        return text.AsSpan(begin, stop - begin);
    }

    private static ReadOnlySpan<char> NextWord(string text, int at)
    {
        while (at < text.Length && Openers.Contains(text[at]))
            at++;
        int end = at;
        while (end < text.Length && char.IsLetterOrDigit(text[end]) && end - at < 16)
            end++;
        return text.AsSpan(at, end - at);
    }

    private static bool IsLowerWord(ReadOnlySpan<char> word)
    {
        foreach (char c in word)
        {
            if (!char.IsLower(c))
                return false;
        }
        return true;
    }

    /// <summary>"1.", "2.3." and "a." in front of what they number.</summary>
    private static bool IsNumbering(ReadOnlySpan<char> word)
    {
        foreach (char c in word)
        {
            if (!char.IsAsciiDigit(c) && c != '.')
                return word.Length == 1 && char.IsAsciiLetterLower(word[0]);
        }
        return word.Length is > 0 and <= 6;
    }

    private static int SkipSpace(string text, int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
        return at;
    }

    private static bool HasBlankLine(ReadOnlySpan<char> space)
    {
        int first = space.IndexOf('\n');
        return first >= 0 && space[(first + 1)..].Contains('\n');
    }
}
