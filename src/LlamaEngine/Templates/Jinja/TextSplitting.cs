namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's ways to split a text.</summary>
internal static class TextSplitting
{
    public static object Split(string text, Arguments arguments)
    {
        (string? separator, int limit) = Read(arguments);
        return Sequence.List([.. separator is null ? Words(text, limit) : Parts(text, separator, limit)]);
    }

    public static object SplitFromEnd(string text, Arguments arguments)
    {
        (string? separator, int limit) = Read(arguments);
        List<string> parts = separator is null ? WordsFromEnd(text, limit) : PartsFromEnd(text, separator, limit);
        parts.Reverse();
        return Sequence.List([.. parts]);
    }

    public static object Partition(string text, Arguments arguments)
    {
        string separator = arguments.NextText("sep");
        int at = text.IndexOf(NotEmpty(separator), StringComparison.Ordinal);
        return at < 0 ? Sequence.Tuple(text, "", "") : Sequence.Tuple(text[..at], separator, text[(at + separator.Length)..]);
    }

    public static object PartitionAtEnd(string text, Arguments arguments)
    {
        string separator = arguments.NextText("sep");
        int at = text.LastIndexOf(NotEmpty(separator), StringComparison.Ordinal);
        return at < 0 ? Sequence.Tuple("", "", text) : Sequence.Tuple(text[..at], separator, text[(at + separator.Length)..]);
    }

    private static (string? Separator, int Limit) Read(Arguments arguments)
    {
        object? separator = arguments.Next("sep", null);
        int limit = arguments.NextInt("maxsplit", -1);
        arguments.End();
        return separator switch
        {
            null => (null, limit),
            string given => (NotEmpty(given), limit),
            _ => throw new ChatTemplateException($"must be str or None, not {PythonType.Name(separator)}"),
        };
    }

    private static string NotEmpty(string separator) =>
        separator.Length > 0 ? separator : throw new ChatTemplateException("empty separator");

    private static List<string> Parts(string text, string separator, int limit)
    {
        List<string> parts = [];
        int start = 0;
        for (int at; limit != 0 && (at = text.IndexOf(separator, start, StringComparison.Ordinal)) >= 0; limit--)
        {
            parts.Add(text[start..at]);
            start = at + separator.Length;
        }
        parts.Add(text[start..]);
        return parts;
    }

    private static List<string> PartsFromEnd(string text, string separator, int limit)
    {
        List<string> parts = [];
        int end = text.Length;
        for (int at; limit != 0 && (at = text.AsSpan(0, end).LastIndexOf(separator)) >= 0; limit--)
        {
            parts.Add(text[(at + separator.Length)..end]);
            end = at;
        }
        parts.Add(text[..end]);
        return parts;
    }

    /// <summary>Runs of anything but white space; what is left after the last permitted split keeps the white space inside.</summary>
    private static List<string> Words(string text, int limit)
    {
        List<string> words = [];
        string rest = CodePoints.StripStart(text);
        int start = text.Length - rest.Length;
        while (start < text.Length && limit-- != 0)
        {
            int end = start;
            while (end < text.Length && !CodePoints.IsSpace(text[end]))
                end++;
            words.Add(text[start..end]);
            start = end;
            while (start < text.Length && CodePoints.IsSpace(text[start]))
                start++;
        }
        if (start < text.Length)
            words.Add(text[start..]);
        return words;
    }

    private static List<string> WordsFromEnd(string text, int limit)
    {
        List<string> words = [];
        int end = CodePoints.StripEnd(text).Length;
        while (end > 0 && limit-- != 0)
        {
            int start = end;
            while (start > 0 && !CodePoints.IsSpace(text[start - 1]))
                start--;
            words.Add(text[start..end]);
            end = start;
            while (end > 0 && CodePoints.IsSpace(text[end - 1]))
                end--;
        }
        if (end > 0)
            words.Add(text[..end]);
        return words;
    }
}
