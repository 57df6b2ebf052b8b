using System.Buffers;
using System.Globalization;
using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's <c>json.dumps</c>.</summary>
internal sealed class JsonWriter
{
    private static readonly SearchValues<char> s_escaped =
        SearchValues.Create(['"', '\\', .. Enumerable.Range(0, ' ').Select(code => (char)code)]);

    private static readonly SearchValues<char> s_escapedForAscii =
        SearchValues.Create(['"', '\\', .. Enumerable.Range(0, ' ').Concat(Enumerable.Range(127, char.MaxValue - 126)).Select(code => (char)code)]);

    private readonly BoundedText _text = new();

    /// <summary>Keeps characters beyond ASCII as they are unless set.</summary>
    public bool EnsureAscii { get; init; }

    /// <summary>What a level is indented by; null for all on one line.</summary>
    public string? Indent { get; init; }

    public required string ItemSeparator { get; init; }

    public required string KeySeparator { get; init; }

    public bool SortKeys { get; init; }

    /// <summary>The value as JSON.</summary>
    /// <exception cref="ChatTemplateException">The value has no JSON, for example because it is undefined.</exception>
    public string Serialize(object? value)
    {
        Write(value, 0);
        return _text.ToString();
    }

    private void Write(object? value, int level)
    {
        switch (value)
        {
            case string text:
                WriteString(text);
                break;
            case Sequence { IsIndexable: true } sequence:
                WriteItems('[', ']', sequence.Items, level, item => Write(item, level + 1));
                break;
            case Mapping mapping:
                WriteItems('{', '}', Entries(mapping), level, entry => WriteEntry(entry.Key, entry.Value, level + 1));
                break;
            default:
                _text.Append(Scalar(value) ?? throw new ChatTemplateException($"Object of type {PythonType.Name(value)} is not JSON serializable"));
                break;
        }
    }

    private static string? Scalar(object? value) => value switch
    {
        null => "null",
        bool truth => truth ? "true" : "false",
        BigInteger integer => integer.ToString(CultureInfo.InvariantCulture),
        double number when double.IsNaN(number) => "NaN",
        double number when double.IsInfinity(number) => number > 0 ? "Infinity" : "-Infinity",
        double number => PythonText.Float(number),
        _ => null,
    };

    private KeyValuePair<object?, object?>[] Entries(Mapping mapping)
    {
        KeyValuePair<object?, object?>[] entries = [.. mapping.Entries];
        return SortKeys ? [.. Sorting.By(entries, entry => entry.Key)] : entries;
    }

    private void WriteEntry(object? key, object? value, int level)
    {
        WriteString(key as string ?? Scalar(key)
            ?? throw new ChatTemplateException($"keys must be str, int, float, bool or None, not {PythonType.Name(key)}"));
        _text.Append(KeySeparator);
        Write(value, level);
    }

    private void WriteItems<T>(char open, char close, IReadOnlyList<T> items, int level, Action<T> writeItem)
    {
        _text.Append(open);
        for (int i = 0; i < items.Count; i++)
        {
            _text.Append(i == 0 ? "" : ItemSeparator);
            WriteLineStart(level + 1);
            writeItem(items[i]);
        }
        if (items.Count > 0)
            WriteLineStart(level);
        _text.Append(close);
    }

    private void WriteLineStart(int level)
    {
        if (Indent is null)
            return;
        _text.Append('\n');
        for (int i = 0; i < level; i++)
            _text.Append(Indent);
    }

    private void WriteString(string text)
    {
        _text.Append('"');
        ReadOnlySpan<char> rest = text;
        for (int at; (at = rest.IndexOfAny(EnsureAscii ? s_escapedForAscii : s_escaped)) >= 0; rest = rest[(at + 1)..])
            _text.Append(rest[..at]).Append(Escape(rest[at]));
        _text.Append(rest).Append('"');
    }

    private static string Escape(char character) => character switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\f' => "\\f",
        '\b' => "\\b",
        _ => $"\\u{(int)character:x4}",
    };
}
