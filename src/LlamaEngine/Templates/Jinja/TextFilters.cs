using System.Numerics;
using System.Text;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Filters that give texts.</summary>
internal static class TextFilters
{
    public static object Upper(Evaluator evaluator, object? value, Arguments arguments) => evaluator.ToText(value).ToUpperInvariant();

    public static object Lower(Evaluator evaluator, object? value, Arguments arguments) => evaluator.ToText(value).ToLowerInvariant();

    public static object Capitalize(Evaluator evaluator, object? value, Arguments arguments) => CodePoints.Capitalize(evaluator.ToText(value));

    /// <summary>Each word with a capital; words begin behind blanks, hyphens and opening brackets.</summary>
    public static object Title(Evaluator evaluator, object? value, Arguments arguments)
    {
        char[] characters = evaluator.ToText(value).ToCharArray();
        bool begins = true;
        for (int i = 0; i < characters.Length; i++)
        {
            bool separates = CodePoints.IsSpace(characters[i]) || characters[i] is '-' or '(' or '{' or '[' or '<';
            characters[i] = begins ? char.ToUpperInvariant(characters[i]) : char.ToLowerInvariant(characters[i]);
            begins = separates;
        }
        return new string(characters);
    }

    public static object Trim(Evaluator evaluator, object? value, Arguments arguments) =>
        TextMethods.Strip(evaluator.ToText(value), arguments, atStart: true, atEnd: true);

    public static object? Center(Evaluator evaluator, object? value, Arguments arguments)
    {
        object? width = arguments.Next("width", new BigInteger(80));
        arguments.End();
        return TextMethods.Find("center")!(evaluator.ToText(value), new Arguments("center", [width], []));
    }

    public static object Format(Evaluator evaluator, object? value, Arguments arguments)
    {
        if (arguments.Named.Count == 0)
            return Arithmetic.Apply("%", evaluator.ToText(value), Sequence.Tuple(arguments.Positional), evaluator.Budget)!;
        OrderedDictionary<Key, object?> named = [];
        foreach ((string name, object? argument) in arguments.Named)
            named[Key.Of(name)] = argument;
        return Arithmetic.Apply("%", evaluator.ToText(value), new Mapping(named), evaluator.Budget)!;
    }

    public static object Replace(Evaluator evaluator, object? value, Arguments arguments)
    {
        string old = evaluator.ToText(arguments.Next("old"));
        string replacement = evaluator.ToText(arguments.Next("new"));
        object? count = arguments.Next("count", null);
        arguments.End();
        return TextMethods.Replace(evaluator.ToText(value), old, replacement, count is null ? -1 : Numbers.ToIndex(count));
    }

    public static object Join(Evaluator evaluator, object? value, Arguments arguments)
    {
        string separator = evaluator.ToText(arguments.Next("d", ""));
        object? attribute = arguments.Next("attribute", null);
        arguments.End();
        BoundedText joined = new();
        bool isFirst = true;
        foreach (object? item in Iteration.ToList(value, evaluator.Budget))
        {
            object? part = attribute is null ? item : Subscript.Path(item, attribute, evaluator.Budget);
            joined.Append(isFirst ? "" : separator).Append(evaluator.ToText(part));
            isFirst = false;
        }
        return joined.ToString();
    }

    /// <summary>Indents all lines but the first and the empty ones, unless asked.</summary>
    public static object Indent(Evaluator evaluator, object? value, Arguments arguments)
    {
        object? width = arguments.Next("width", new BigInteger(4));
        bool indentsFirst = arguments.NextFlag("first");
        bool indentsEmpty = arguments.NextFlag("blank");
        arguments.End();
        if (value is Undefined undefined)
            throw undefined.Error();
        if (value is not string text)
            throw new ChatTemplateException($"cannot indent '{PythonType.Name(value)}'");
        evaluator.Budget.ChargeFor(value);
        string indentation = width as string ?? new BoundedText().Append(' ', Numbers.ToIndex(width)).ToString();
        BoundedText indented = new();
        List<string> lines = CodePoints.SplitLines(text + "\n", keepEnds: false);
        for (int i = 0; i < lines.Count; i++)
        {
            bool isIndented = i == 0 ? indentsFirst : indentsEmpty || lines[i].Length > 0;
            indented.Append(i == 0 ? "" : "\n").Append(isIndented ? indentation : "").Append(lines[i]);
        }
        return indented.ToString();
    }

    public static object Truncate(Evaluator evaluator, object? value, Arguments arguments)
    {
        int length = arguments.NextInt("length", 255);
        bool cutsWords = arguments.NextFlag("killwords");
        string end = evaluator.ToText(arguments.Next("end", "..."));
        object? leeway = arguments.Next("leeway", null);
        arguments.End();
        string text = evaluator.ToText(value);
        int kept = length - CodePoints.Count(end);
        if (kept < 0)
            throw new ChatTemplateException($"expected length >= {CodePoints.Count(end)}, got {length}");
        List<string> points = CodePoints.Split(text);
        if (points.Count <= length + (leeway is null ? 5 : Numbers.ToIndex(leeway)))
            return text;
        string cut = string.Concat(points.Take(kept));
        int blank = cutsWords ? -1 : cut.LastIndexOf(' ');
        return (blank < 0 ? cut : cut[..blank]) + end;
    }

    public static object WordCount(Evaluator evaluator, object? value, Arguments arguments)
    {
        string text = evaluator.ToText(value);
        int count = 0;
        for (int i = 0; i < text.Length; i++)
            count += IsWord(text[i]) && (i == 0 || !IsWord(text[i - 1])) ? 1 : 0;
        return new BigInteger(count);
    }

    /// <summary>Escapes what is special in HTML.</summary>
    public static object Escape(Evaluator evaluator, object? value, Arguments arguments)
    {
        BoundedText escaped = new();
        ReadOnlySpan<char> rest = evaluator.ToText(value);
        for (int at; (at = rest.IndexOfAny("&<>\"'")) >= 0; rest = rest[(at + 1)..])
            escaped.Append(rest[..at]).Append(EscapeOne(rest[at]));
        return escaped.Append(rest).ToString();
    }

    /// <summary>Drops everything between angle brackets and draws white space together.</summary>
    public static object StripTags(Evaluator evaluator, object? value, Arguments arguments)
    {
        StringBuilder text = new();
        bool isInTag = false;
        foreach (char character in evaluator.ToText(value))
        {
            isInTag |= character == '<';
            if (!isInTag)
                text.Append(character);
            isInTag &= character != '>';
        }
        Sequence words = (Sequence)TextSplitting.Split(text.ToString(), Arguments.None("split"));
        return string.Join(' ', words.Items);
    }

    public static object UrlEncode(Evaluator evaluator, object? value, Arguments arguments)
    {
        BoundedText encoded = new();
        foreach (byte unit in Encoding.UTF8.GetBytes(evaluator.ToText(value)))
        {
            if (char.IsAsciiLetterOrDigit((char)unit) || "_.-~/".Contains((char)unit))
                encoded.Append((char)unit);
            else
                encoded.Append($"%{unit:X2}");
        }
        return encoded.ToString();
    }

    /// <summary>JSON as Hugging Face's chat templates have it: nothing escaped for HTML, characters beyond ASCII kept.</summary>
    public static object ToJson(Evaluator evaluator, object? value, Arguments arguments)
    {
        bool ensureAscii = arguments.NextFlag("ensure_ascii");
        object? indent = arguments.Next("indent", null);
        object? separators = arguments.Next("separators", null);
        bool sortKeys = arguments.NextFlag("sort_keys");
        arguments.End();
        evaluator.Budget.ChargeFor(value);
        (string item, string key) = separators is null ? (indent is null ? ", " : ",", ": ") : Separators(separators);
        return new JsonWriter
        {
            EnsureAscii = ensureAscii,
            Indent = indent is null ? null : indent as string ?? new BoundedText().Append(' ', Numbers.ToIndex(indent)).ToString(),
            ItemSeparator = item,
            KeySeparator = key,
            SortKeys = sortKeys,
        }.Serialize(value);
    }

    private static (string Item, string Key) Separators(object separators) => separators is Sequence { Items: [string item, string key] }
        ? (item, key)
        : throw new ChatTemplateException("separators must be a pair of texts");

    private static bool IsWord(char character) => char.IsLetterOrDigit(character) || character == '_';

    private static string EscapeOne(char character) => character switch
    {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&#34;",
        _ => "&#39;",
    };
}
