using System.Globalization;
using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's <c>format % values</c>.</summary>
internal sealed class PrintfFormat
{
    private readonly string _format;
    private readonly object? _values;
    private readonly IReadOnlyList<object?> _positional;
    private readonly BoundedText _text = new();
    private int _at;
    private int _next;

    private PrintfFormat(string format, object? values)
    {
        _format = format;
        _values = values;
        _positional = values is Sequence { Kind: SequenceKind.Tuple } tuple ? tuple.Items : [values];
    }

    /// <param name="values">A tuple, a dictionary (for <c>%(name)s</c>), or a single value.</param>
    public static string Format(string format, object? values)
    {
        PrintfFormat run = new(format, values);
        while (run._at < format.Length)
            run.CopyOrConvert();
        // A value that could be asked for names, which a list and an undefined value could be too, need not be used.
        bool mayBeUnused = values is Mapping or Undefined or PythonRange or Sequence { Kind: SequenceKind.List };
        if (run._next < run._positional.Count && !mayBeUnused)
            throw new ChatTemplateException("not all arguments converted during string formatting");
        return run._text.ToString();
    }

    private void CopyOrConvert()
    {
        char character = _format[_at++];
        if (character != '%')
            _text.Append(character);
        else if (Peek() == '%')
            _text.Append(_format[_at++]);
        else
            Convert();
    }

    private void Convert()
    {
        object? named = TakeName() is { } name ? Named(name) : this;
        string flags = TakeWhile(character => "#0- +".Contains(character));
        int width = TakeWidth();
        int precision = -1;
        if (Peek() == '.')
        {
            _at++;
            precision = TakeWidth();
        }
        TakeWhile(character => "hlL".Contains(character));
        char type = _at < _format.Length ? _format[_at++] : throw new ChatTemplateException("incomplete format");
        object? value = ReferenceEquals(named, this) ? Next() : named;
        if (width < 0)
            (flags, width) = (flags + "-", -width);
        _text.Append(Convert(value, type, flags, width, precision));
    }

    private static string Convert(object? value, char type, string flags, int width, int precision)
    {
        char align = flags.Contains('-') ? '<' : flags.Contains('0') && type is not ('s' or 'r' or 'a' or 'c') ? '=' : '>';
        char fill = align == '=' ? '0' : ' ';
        char sign = flags.Contains('+') ? '+' : flags.Contains(' ') ? ' ' : '-';
        FormatSpec spec = new(fill, align, sign, flags.Contains('#'), width, '\0', precision, type);
        switch (type)
        {
            case 's':
                return spec.Format(PythonText.Str(value));
            case 'r' or 'a':
                return (spec with { Type = 's' }).Format(PythonText.Repr(value));
            case 'd' or 'i' or 'u':
                return (spec with { Type = 'd', Precision = -1 }).Format(ToInteger(value, type));
            case 'x' or 'X' or 'o':
                return spec.Format(value is double ? throw NotInteger(value, type) : ToInteger(value, type));
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G':
                return spec.Format(Numbers.ToDouble(value));
            case 'c':
                return value is string { Length: 1 or 2 } one && CodePoints.Count(one) == 1
                    ? (spec with { Type = 's', Precision = -1 }).Format(one)
                    : spec.Format(ToInteger(value, type));
            default:
                throw new ChatTemplateException($"unsupported format character '{type}'");
        }
    }

    private static BigInteger ToInteger(object? value, char type) => value switch
    {
        double number => Numbers.Truncate(number),
        _ => Numbers.TryInteger(value, out BigInteger integer) ? integer : throw NotInteger(value, type),
    };

    private static ChatTemplateException NotInteger(object? value, char type) =>
        new($"%{type} format: a number is required, not {PythonType.Name(value)}");

    private char Peek() => _at < _format.Length ? _format[_at] : '\0';

    private string TakeWhile(Func<char, bool> belongs)
    {
        int start = _at;
        while (_at < _format.Length && belongs(_format[_at]))
            _at++;
        return _format[start.._at];
    }

    private string? TakeName()
    {
        if (Peek() != '(')
            return null;
        int end = _format.IndexOf(')', _at);
        if (end < 0)
            throw new ChatTemplateException("incomplete format key");
        string name = _format[(_at + 1)..end];
        _at = end + 1;
        return name;
    }

    private object? Named(string name) => _values is not Mapping mapping
        ? throw new ChatTemplateException("format requires a mapping")
        : mapping.TryGet(name, out object? value) ? value : throw new ChatTemplateException(PythonText.Quote(name));

    /// <summary>Digits, or <c>*</c> for the next value; 0 if there are none.</summary>
    private int TakeWidth()
    {
        if (Peek() == '*')
        {
            _at++;
            return Numbers.ToIndex(Next());
        }
        string digits = TakeWhile(char.IsAsciiDigit);
        return digits.Length < 10
            ? int.Parse("0" + digits, CultureInfo.InvariantCulture)
            : throw new ChatTemplateException("width too big");
    }

    private object? Next() => _next < _positional.Count
        ? _positional[_next++]
        : throw new ChatTemplateException("not enough arguments for format string");
}
