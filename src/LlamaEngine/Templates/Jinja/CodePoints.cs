namespace LlamaEngine.Templates.Jinja;

/// <summary>Texts as Python sees them: sequences of code points, where .NET counts UTF-16 units.</summary>
internal static class CodePoints
{
    public static bool IsSpace(char character) => char.IsWhiteSpace(character) || character is >= '\x1c' and <= '\x1f';

    public static int Count(string text)
    {
        int count = text.Length;
        for (int i = 1; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i - 1], text[i]))
                count--;
        }
        return count;
    }

    /// <summary>Each code point as a text of its own.</summary>
    public static List<string> Split(string text)
    {
        List<string> points = new(text.Length);
        for (int i = 0; i < text.Length; i++)
        {
            int units = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
            points.Add(text.Substring(i, units));
            i += units - 1;
        }
        return points;
    }

    /// <summary>The code point at an index, which must be in range.</summary>
    public static string At(string text, int index)
    {
        int at = 0;
        for (; index > 0; index--)
            at += FirstLength(text.AsSpan(at));
        return text.Substring(at, FirstLength(text.AsSpan(at)));
    }

    /// <summary>True if every code point is one UTF-16 unit, so that .NET's indexes are Python's.</summary>
    public static bool IsPlain(string text) => text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0;

    public static string Strip(string text) => StripEnd(StripStart(text));

    public static string StripStart(string text)
    {
        int start = 0;
        while (start < text.Length && IsSpace(text[start]))
            start++;
        return text[start..];
    }

    public static string StripEnd(string text)
    {
        int end = text.Length;
        while (end > 0 && IsSpace(text[end - 1]))
            end--;
        return text[..end];
    }

    /// <summary>Order by code point, which differs from .NET's ordinal order where surrogates are involved.</summary>
    public static int Compare(string left, string right)
    {
        int common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
            return left.Length.CompareTo(right.Length);
        bool leftAstral = char.IsSurrogate(left[common]);
        bool rightAstral = char.IsSurrogate(right[common]);
        return leftAstral == rightAstral ? left[common].CompareTo(right[common]) : leftAstral ? 1 : -1;
    }

    /// <summary>Lines without their ends, by Python's notion of a line's end.</summary>
    public static List<string> SplitLines(string text, bool keepEnds)
    {
        List<string> lines = [];
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (!IsLineEnd(text[i]))
                continue;
            int end = text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? i + 2 : i + 1;
            lines.Add(text[start..(keepEnds ? end : i)]);
            start = end;
            i = end - 1;
        }
        if (start < text.Length)
            lines.Add(text[start..]);
        return lines;
    }

    /// <summary>First letter in upper case, all others in lower case.</summary>
    public static string Capitalize(string text) => text.Length == 0
        ? text
        : text[..FirstLength(text)].ToUpperInvariant() + text[FirstLength(text)..].ToLowerInvariant();

    private static int FirstLength(ReadOnlySpan<char> text) => text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : 1;

    private static bool IsLineEnd(char character) =>
        character is '\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\x85' or '\u2028' or '\u2029';
}
