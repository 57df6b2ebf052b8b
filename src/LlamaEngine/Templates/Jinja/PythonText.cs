using System.Buffers;
using System.Globalization;
using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's <c>str</c> and <c>repr</c>.</summary>
internal static class PythonText
{
    /// <summary>Characters that stand for themselves inside quotes; most texts have no others.</summary>
    private static readonly SearchValues<char> s_plain =
        SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(code => (char)code).Except(['\'', '"', '\\'])]);

    /// <summary><c>str(value)</c>: what printing a value gives.</summary>
    public static string Str(object? value) => value switch
    {
        string text => text,
        Undefined => "",
        _ => Repr(value),
    };

    /// <summary><c>repr(value)</c>: the form inside lists and dictionaries.</summary>
    public static string Repr(object? value)
    {
        BoundedText text = new();
        Write(text, value);
        return text.ToString();
    }

    /// <summary>A text as a Python literal.</summary>
    public static string Quote(string text)
    {
        BoundedText quoted = new();
        WriteQuoted(quoted, text);
        return quoted.ToString();
    }

    /// <summary>The shortest digits that give the same float again, with an exponent where Python has one.</summary>
    public static string Float(double number)
    {
        if (!double.IsFinite(number))
            return double.IsNaN(number) ? "nan" : number > 0 ? "inf" : "-inf";
        return FloatDigits.Layout(number.ToString("R", CultureInfo.InvariantCulture));
    }

    private static void Write(BoundedText text, object? value)
    {
        switch (value)
        {
            case string given:
                WriteQuoted(text, given);
                break;
            case Sequence sequence:
                WriteSequence(text, sequence);
                break;
            case Mapping mapping:
                WriteMapping(text, mapping);
                break;
            default:
                text.Append(Scalar(value));
                break;
        }
    }

    private static string Scalar(object? value) => value switch
    {
        null => "None",
        bool truth => truth ? "True" : "False",
        BigInteger integer => integer.ToString(CultureInfo.InvariantCulture),
        double number => Float(number),
        Undefined => "Undefined",
        PythonRange { Step.IsOne: true } range => $"range({range.Start}, {range.Stop})",
        PythonRange range => $"range({range.Start}, {range.Stop}, {range.Step})",
        Macro macro => $"<Macro {Quote(macro.Name)}>",
        LoopState loop => $"<LoopContext {loop.Index0 + 1}/{loop.Length}>",
        Function function => $"<function {function.Name}>",
        _ => $"<{PythonType.Name(value)}>",
    };

    private static void WriteSequence(BoundedText text, Sequence sequence)
    {
        (string open, string close) = sequence.Kind switch
        {
            SequenceKind.List => ("[", "]"),
            SequenceKind.Tuple => ("(", sequence.Count == 1 ? ",)" : ")"),
            _ => (PythonType.Name(sequence) + "([", "])"),
        };
        text.Append(open);
        for (int i = 0; i < sequence.Count; i++)
        {
            text.Append(i == 0 ? "" : ", ");
            Write(text, sequence.Items[i]);
        }
        text.Append(close);
    }

    private static void WriteMapping(BoundedText text, Mapping mapping)
    {
        string separator = "{";
        foreach ((object? key, object? value) in mapping.Entries)
        {
            text.Append(separator);
            Write(text, key);
            text.Append(": ");
            Write(text, value);
            separator = ", ";
        }
        text.Append(mapping.Count == 0 ? "{}" : "}");
    }

    private static void WriteQuoted(BoundedText output, string text)
    {
        char quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        output.Append(quote);
        int plain = text.AsSpan().IndexOfAnyExcept(s_plain);
        output.Append(text.AsSpan(0, plain < 0 ? text.Length : plain));
        for (int i = plain < 0 ? text.Length : plain; i < text.Length; i++)
        {
            bool isPair = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]);
            int point = isPair ? char.ConvertToUtf32(text[i], text[i + 1]) : text[i];
            if (point == quote || point == '\\')
                output.Append('\\');
            if (IsPrintable(text, i, point))
                output.Append(text.AsSpan(i, isPair ? 2 : 1));
            else
                output.Append(Escape(point));
            i += isPair ? 1 : 0;
        }
        output.Append(quote);
    }

    private static string Escape(int point) => point switch
    {
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        < 0x100 => $"\\x{point:x2}",
        < 0x10000 => $"\\u{point:x4}",
        _ => $"\\U{point:x8}",
    };

    private static bool IsPrintable(string text, int index, int point) =>
        point == ' ' || CharUnicodeInfo.GetUnicodeCategory(text, index) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
            or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
