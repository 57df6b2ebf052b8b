using System.Globalization;
using System.Text;

namespace LlamaEngine.Templates.Jinja;

/// <summary>The backslash escapes of Python's string literals.</summary>
internal static class StringEscapes
{
    /// <summary>The value of a literal's inside.</summary>
    /// <param name="source">Where the literal stands, for messages.</param>
    public static string Decode(ReadOnlySpan<char> literal, SourceText source)
    {
        if (!literal.Contains('\\'))
            return literal.ToString();
        StringBuilder value = new();
        for (int i = 0; i < literal.Length; i++)
        {
            if (literal[i] != '\\' || i + 1 == literal.Length)
                value.Append(literal[i]);
            else
                i += DecodeOne(literal[(i + 1)..], value, source);
        }
        return value.ToString();
    }

    /// <returns>How many characters after the backslash belong to the escape.</returns>
    private static int DecodeOne(ReadOnlySpan<char> escape, StringBuilder value, SourceText source)
    {
        switch (escape[0])
        {
            case 'x':
                return DecodeHexadecimal(escape, 2, value, source);
            case 'u':
                return DecodeHexadecimal(escape, 4, value, source);
            case 'U':
                return DecodeHexadecimal(escape, 8, value, source);
            case >= '0' and <= '7':
                return DecodeOctal(escape, value);
            case '\n':
                return 1;
            default:
                value.Append(Simple(escape[0]));
                return 1;
        }
    }

    /// <summary>An escape of one letter; an unknown one stands for itself, backslash and all.</summary>
    private static string Simple(char letter) => letter switch
    {
        'n' => "\n",
        'r' => "\r",
        't' => "\t",
        'a' => "\a",
        'b' => "\b",
        'f' => "\f",
        'v' => "\v",
        '\\' or '\'' or '"' => letter.ToString(),
        _ => "\\" + letter,
    };

    private static int DecodeHexadecimal(ReadOnlySpan<char> escape, int digits, StringBuilder value, SourceText source)
    {
        int point = -1;
        bool isNumber = escape.Length > digits
            && int.TryParse(escape.Slice(1, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out point);
        if (!isNumber || point is < 0 or > 0x10FFFF)
        {
            throw source.Error($"a string has a broken \\{escape[0]} escape");
        }
        value.Append(point < 0x10000 ? ((char)point).ToString() : char.ConvertFromUtf32(point));
        return digits + 1;
    }

    private static int DecodeOctal(ReadOnlySpan<char> escape, StringBuilder value)
    {
        int point = 0;
        int length = 0;
        for (; length < Math.Min(3, escape.Length) && escape[length] is >= '0' and <= '7'; length++)
            point = point * 8 + escape[length] - '0';
        value.Append((char)point);
        return length;
    }
}
