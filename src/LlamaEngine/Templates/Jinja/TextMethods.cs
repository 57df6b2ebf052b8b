using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>The methods of Python's <c>str</c>.</summary>
internal static partial class TextMethods
{
    /// <summary>A method by name; null if <c>str</c> has none of that name.</summary>
    public static Func<string, Arguments, object?>? Find(string name) => name switch
    {
        "strip" => (text, arguments) => Strip(text, arguments, atStart: true, atEnd: true),
        "lstrip" => (text, arguments) => Strip(text, arguments, atStart: true, atEnd: false),
        "rstrip" => (text, arguments) => Strip(text, arguments, atStart: false, atEnd: true),
        "upper" => Simple(text => text.ToUpperInvariant()),
        "lower" or "casefold" => Simple(text => text.ToLowerInvariant()),
        "capitalize" => Simple(CodePoints.Capitalize),
        "title" => Simple(Title),
        "swapcase" => Simple(SwapCase),
        "split" => (text, arguments) => TextSplitting.Split(text, arguments),
        "rsplit" => (text, arguments) => TextSplitting.SplitFromEnd(text, arguments),
        "splitlines" => SplitLines,
        "partition" => TextSplitting.Partition,
        "rpartition" => TextSplitting.PartitionAtEnd,
        "join" => Join,
        "replace" => Replace,
        "removeprefix" => RemovePrefix,
        "removesuffix" => RemoveSuffix,
        "center" or "ljust" or "rjust" => (text, arguments) => Justify(name, text, arguments),
        "zfill" => ZeroFill,
        "expandtabs" => ExpandTabs,
        "format" => BraceFormat.Format,
        "format_map" => BraceFormat.FormatMap,
        _ => FindQuery(name),
    };

    /// <summary>Replaces occurrences from the left; an empty text to replace stands between all characters.</summary>
    public static string Replace(string text, string old, string replacement, int count)
    {
        BoundedText result = new();
        int from = 0;
        for (int at = 0; count != 0 && (at = IndexOf(text, old, from, at)) >= 0; count--)
        {
            result.Append(text.AsSpan(from, at - from)).Append(replacement);
            from = at + old.Length;
            // Between two characters there is one empty text, so the search goes on behind the next character.
            at = old.Length == 0 ? at + 1 : from;
        }
        return result.Append(text.AsSpan(from)).ToString();
    }

    /// <summary>Strips any of the given characters; white space if there are none given.</summary>
    public static string Strip(string text, Arguments arguments, bool atStart, bool atEnd)
    {
        object? given = arguments.Next("chars", null);
        arguments.End();
        if (given is null)
        {
            text = atStart ? CodePoints.StripStart(text) : text;
            return atEnd ? CodePoints.StripEnd(text) : text;
        }
        char[] characters = given is string set ? set.ToCharArray() : throw new ChatTemplateException("strip arg must be None or str");
        if (characters.Length == 0)
            return text;
        text = atStart ? text.TrimStart(characters) : text;
        return atEnd ? text.TrimEnd(characters) : text;
    }

    private static int IndexOf(string text, string old, int from, int at)
    {
        if (old.Length > 0)
            return text.IndexOf(old, from, StringComparison.Ordinal);
        if (at > 0 && at < text.Length && char.IsSurrogatePair(text[at - 1], text[at]))
            at++;
        return at <= text.Length ? at : -1;
    }

    private static Func<string, Arguments, object?> Simple(Func<string, object?> method) => (text, arguments) =>
    {
        arguments.End();
        return method(text);
    };

    private static string Replace(string text, Arguments arguments)
    {
        string old = arguments.NextText("old");
        string replacement = arguments.NextText("new");
        int count = arguments.NextInt("count", -1);
        arguments.End();
        return Replace(text, old, replacement, count);
    }

    private static Sequence SplitLines(string text, Arguments arguments)
    {
        bool keepEnds = arguments.NextFlag("keepends");
        arguments.End();
        return Sequence.List([.. CodePoints.SplitLines(text, keepEnds)]);
    }

    private static string Join(string separator, Arguments arguments)
    {
        object? iterable = arguments.Next("iterable");
        arguments.End();
        // The elements are in memory already, so going through them needs no budget of its own.
        IEnumerator<object?> items = Iteration.Of(iterable, new Budget(Budget.MaxTextLength));
        BoundedText joined = new();
        for (int i = 0; items.MoveNext(); i++)
        {
            string item = items.Current as string
                ?? throw new ChatTemplateException($"sequence item {i}: expected str instance, {PythonType.Name(items.Current)} found");
            joined.Append(i == 0 ? "" : separator).Append(item);
        }
        return joined.ToString();
    }

    private static string RemovePrefix(string text, Arguments arguments)
    {
        string prefix = arguments.NextText("prefix");
        arguments.End();
        return text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;
    }

    private static string RemoveSuffix(string text, Arguments arguments)
    {
        string suffix = arguments.NextText("suffix");
        arguments.End();
        return text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text;
    }

    private static string Justify(string name, string text, Arguments arguments)
    {
        int width = arguments.NextInt("width");
        object? fill = arguments.Next("fillchar", " ");
        arguments.End();
        if (fill is not string character || CodePoints.Count(character) != 1)
            throw new ChatTemplateException("The fill character must be exactly one character long");
        int padding = Math.Max(0, width - CodePoints.Count(text));
        int left = name switch
        {
            "ljust" => 0,
            "rjust" => padding,
            // Python puts the odd blank left of the text only if the width is odd.
            _ => padding / 2 + (padding & width & 1),
        };
        return new BoundedText().Append(character, left).Append(text).Append(character, padding - left).ToString();
    }

    private static string ZeroFill(string text, Arguments arguments)
    {
        int width = arguments.NextInt("width");
        arguments.End();
        int sign = text.StartsWith('+') || text.StartsWith('-') ? 1 : 0;
        return new BoundedText().Append(text.AsSpan(0, sign)).Append('0', width - CodePoints.Count(text)).Append(text.AsSpan(sign)).ToString();
    }

    private static string ExpandTabs(string text, Arguments arguments)
    {
        int size = arguments.NextInt("tabsize", 8);
        arguments.End();
        BoundedText expanded = new();
        int column = 0;
        foreach (char character in text)
        {
            int blanks = character == '\t' && size > 0 ? size - column % size : 0;
            if (character == '\t')
                expanded.Append(' ', blanks);
            else
                expanded.Append(character);
            column = character is '\n' or '\r' ? 0 : column + (character == '\t' ? blanks : 1);
        }
        return expanded.ToString();
    }

    private static string Title(string text)
    {
        char[] characters = text.ToCharArray();
        for (int i = 0; i < characters.Length; i++)
        {
            bool begins = i == 0 || !char.IsLetter(text[i - 1]);
            characters[i] = begins ? char.ToUpperInvariant(text[i]) : char.ToLowerInvariant(text[i]);
        }
        return new string(characters);
    }

    private static string SwapCase(string text) =>
        string.Concat(text.Select(character => char.IsUpper(character) ? char.ToLowerInvariant(character) : char.ToUpperInvariant(character)));
}
