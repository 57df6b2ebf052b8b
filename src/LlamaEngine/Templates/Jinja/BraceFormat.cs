using System.Globalization;
using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's <c>str.format</c>.</summary>
internal sealed class BraceFormat
{
    /// <summary>How deep a format specification may itself hold fields, as in Python.</summary>
    private const int MaxNesting = 2;

    private readonly Arguments _arguments;

    /// <summary>The next argument for a field without a name; −1 once a field was numbered, for the two do not mix.</summary>
    private int _next;

    private BraceFormat(Arguments arguments) => _arguments = arguments;

    public static object? Format(string format, Arguments arguments) => new BraceFormat(arguments).Expand(format, MaxNesting);

    /// <summary>Python's <c>str.format_map</c>: the named arguments are a dictionary's entries.</summary>
    public static object? FormatMap(string format, Arguments arguments)
    {
        if (arguments.Next("mapping") is not Mapping mapping)
            throw new ChatTemplateException("format_map() argument must be a mapping");
        IEnumerable<KeyValuePair<string, object?>> named = mapping.Entries
            .Where(entry => entry.Key is string)
            .Select(entry => KeyValuePair.Create((string)entry.Key!, entry.Value));
        return Format(format, new Arguments(arguments.Callee, [], [.. named]));
    }

    private string Expand(string format, int nesting)
    {
        if (nesting < 0)
            throw new ChatTemplateException("Max string recursion exceeded");
        BoundedText text = new();
        for (int at = 0; at < format.Length; at++)
        {
            char character = format[at];
            bool isDoubled = at + 1 < format.Length && format[at + 1] == character;
            if (character is not ('{' or '}') || isDoubled)
            {
                text.Append(character);
                at += character is '{' or '}' ? 1 : 0;
                continue;
            }
            if (character == '}')
                throw new ChatTemplateException("Single '}' encountered in format string");
            int end = FieldEnd(format, at + 1);
            text.Append(ExpandField(format[(at + 1)..end], nesting));
            at = end;
        }
        return text.ToString();
    }

    /// <summary>Where the field's closing brace stands; the specification may hold fields of its own.</summary>
    private static int FieldEnd(string format, int at)
    {
        for (int open = 1; at < format.Length; at++)
        {
            open += format[at] == '{' ? 1 : format[at] == '}' ? -1 : 0;
            if (open == 0)
                return at;
        }
        throw new ChatTemplateException("Single '{' encountered in format string");
    }

    private string ExpandField(string field, int nesting)
    {
        int colon = field.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? field : field[..colon];
        string spec = colon < 0 ? "" : Expand(field[(colon + 1)..], nesting - 1);
        string? conversion = null;
        if (name.LastIndexOf('!') is var mark and >= 0)
            (name, conversion) = (name[..mark], name[(mark + 1)..]);
        object? value = Value(name);
        value = conversion switch
        {
            null => value,
            "s" => PythonText.Str(value),
            "r" or "a" => PythonText.Repr(value),
            _ => throw new ChatTemplateException($"Unknown conversion specifier '{conversion}'"),
        };
        return spec.Length == 0 ? PythonText.Str(value) : FormatSpec.Parse(spec).Format(value);
    }

    /// <summary>The value of <c>name</c>, <c>0</c> or nothing (the next), followed by <c>.attribute</c> and <c>[item]</c>.</summary>
    private object? Value(string path)
    {
        int at = path.AsSpan().IndexOfAny('.', '[');
        object? value = Argument(at < 0 ? path : path[..at]);
        Budget budget = new(Budget.MaxTextLength);
        while (at >= 0 && at < path.Length)
        {
            bool isItem = path[at] == '[';
            int end = isItem ? path.IndexOf(']', at) : at + 1 + path.AsSpan(at + 1).IndexOfAny('.', '[');
            if (isItem && end < 0)
                throw new ChatTemplateException("Missing ']' in format string");
            end = !isItem && end == at ? path.Length : end;
            string part = path[(at + 1)..end];
            value = isItem ? Subscript.Item(value, ItemKey(part), budget) : Subscript.Attribute(value, part, budget);
            at = isItem ? end + 1 : end;
        }
        return value;
    }

    private static object ItemKey(string part) => TryIndex(part, out int index) ? new BigInteger(index) : part;

    private object? Argument(string name)
    {
        if (name.Length > 0 && !TryIndex(name, out _))
            return _arguments.TryNamed(name, out object? named) ? named : throw new ChatTemplateException(PythonText.Quote(name));
        bool isNumbered = TryIndex(name, out int index);
        if (isNumbered ? _next > 0 : _next < 0)
            throw new ChatTemplateException("cannot switch between manual field specification and automatic field numbering");
        index = isNumbered ? index : _next;
        _next = isNumbered ? -1 : _next + 1;
        return index < _arguments.Positional.Count
            ? _arguments.Positional[index]
            : throw new ChatTemplateException($"Replacement index {index} out of range for positional args tuple");
    }

    private static bool TryIndex(string text, out int index) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index);
}
