using System.Globalization;
using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's format specification: how one value is laid out, in <c>str.format</c> and in <c>%</c> alike.</summary>
/// <param name="Fill">What pads the value to the width.</param>
/// <param name="Align"><c>&lt;</c>, <c>&gt;</c>, <c>^</c>, <c>=</c> (padding behind the sign), or NUL for the type's own.</param>
/// <param name="Sign"><c>+</c>, <c>-</c> or blank: what stands before numbers that are not negative.</param>
/// <param name="IsAlternate">True to mark hexadecimal, octal and binary numbers.</param>
/// <param name="Grouping"><c>,</c> or <c>_</c> between groups of digits; NUL for none.</param>
/// <param name="Precision">Digits behind the point, or the most characters of a text; −1 if not given.</param>
/// <param name="Type">The presentation's letter; NUL if not given.</param>
internal readonly record struct FormatSpec(
    char Fill, char Align, char Sign, bool IsAlternate, int Width, char Grouping, int Precision, char Type)
{
    /// <summary>Most digits behind the point; a float means nothing by more.</summary>
    private const int MaxPrecision = 100;

    /// <summary>Parses <c>[[fill]align][sign][#][0][width][grouping][.precision][type]</c>.</summary>
    public static FormatSpec Parse(string text)
    {
        int at = 0;
        char fill = '\0';
        char align = '\0';
        if (text.Length > 1 && text[1] is '<' or '>' or '^' or '=')
            (fill, align, at) = (text[0], text[1], 2);
        else if (text.Length > 0 && text[0] is '<' or '>' or '^' or '=')
            (align, at) = (text[0], 1);
        char sign = Take(text, ref at, "+- ");
        bool isAlternate = Take(text, ref at, "#") != '\0';
        if (Take(text, ref at, "0") != '\0')
            (fill, align) = (fill == '\0' ? '0' : fill, align == '\0' ? '=' : align);
        int width = TakeNumber(text, ref at) ?? 0;
        char grouping = Take(text, ref at, ",_");
        int precision = Take(text, ref at, ".") == '\0'
            ? -1
            : TakeNumber(text, ref at) ?? throw new ChatTemplateException("Format specifier missing precision");
        char type = at < text.Length ? text[at++] : '\0';
        return at == text.Length
            ? new FormatSpec(fill == '\0' ? ' ' : fill, align, sign, isAlternate, width, grouping, precision, type)
            : throw new ChatTemplateException("Invalid format specifier");
    }

    /// <summary>The value as text.</summary>
    /// <exception cref="ChatTemplateException">The value's type has no such presentation.</exception>
    public string Format(object? value)
    {
        if (value is BigInteger or bool)
            return FormatInteger(value);
        if (value is double number)
            return FormatFloat(number);
        if (Type is not ('\0' or 's') || (value is not string && this != Parse("")))
            throw new ChatTemplateException($"Unknown format code '{Type}' for object of type '{PythonType.Name(value)}'");
        string text = PythonText.Str(value);
        text = Precision >= 0 ? (string)Subscript.Slice(text, null, new BigInteger(Precision), null, new Budget(long.MaxValue))! : text;
        return Pad("", text, Align == '\0' ? '<' : Align);
    }

    private string FormatInteger(object? value)
    {
        Numbers.TryInteger(value, out BigInteger integer);
        BigInteger magnitude = BigInteger.Abs(integer);
        string sign = SignOf(integer.Sign < 0);
        return Type switch
        {
            '\0' or 'd' or 'n' => Pad(sign, Group(magnitude.ToString(CultureInfo.InvariantCulture), 3)),
            'x' => Pad(sign + (IsAlternate ? "0x" : ""), Group(InRadix(magnitude, 4), 4)),
            'X' => Pad(sign + (IsAlternate ? "0X" : ""), Group(InRadix(magnitude, 4).ToUpperInvariant(), 4)),
            'o' => Pad(sign + (IsAlternate ? "0o" : ""), Group(InRadix(magnitude, 3), 4)),
            'b' => Pad(sign + (IsAlternate ? "0b" : ""), Group(InRadix(magnitude, 1), 4)),
            'c' => Pad("", Character(integer)),
            _ => FormatFloat(Numbers.ToDouble(value)),
        };
    }

    private string FormatFloat(double number)
    {
        int precision = Precision < 0 ? 6 : Math.Min(Precision, MaxPrecision);
        string sign = SignOf(double.IsNegative(number));
        double magnitude = Math.Abs(number);
        if (!double.IsFinite(number))
            return Pad(sign, double.IsNaN(number) ? "nan" : "inf");
        return Type switch
        {
            'f' or 'F' => Pad(sign, GroupWhole(Rounding.ToFixed(magnitude, precision))),
            '%' => Pad(sign, GroupWhole(Rounding.ToFixed(magnitude * 100, precision)) + "%"),
            'e' or 'E' => Pad(sign, Exponential(magnitude, precision)),
            'g' or 'G' => Pad(sign, GroupWhole(General(magnitude, precision))),
            '\0' when Precision < 0 => Pad(sign, GroupWhole(PythonText.Float(magnitude))),
            '\0' => Pad(sign, GroupWhole(General(magnitude, precision))),
            _ => throw new ChatTemplateException($"Unknown format code '{Type}' for object of type 'float'"),
        };
    }

    private string Exponential(double magnitude, int precision)
    {
        string text = magnitude.ToString($"e{precision}", CultureInfo.InvariantCulture);
        int mark = text.IndexOf('e', StringComparison.Ordinal);
        string exponent = text[(mark + 2)..].TrimStart('0').PadLeft(2, '0');
        return text[..mark] + (char.IsUpper(Type) ? "E" : "e") + text[mark + 1] + exponent;
    }

    /// <summary>So many significant digits, with an exponent for numbers that are large or small.</summary>
    private string General(double magnitude, int precision)
    {
        int digits = Math.Max(1, precision);
        string text = magnitude.ToString($"e{digits - 1}", CultureInfo.InvariantCulture);
        ReadOnlySpan<char> power = text.AsSpan(text.IndexOf('e', StringComparison.Ordinal) + 1);
        int exponent = int.Parse(power, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent >= -4 && exponent < digits)
            return WithoutTrailingZeros(Rounding.ToFixed(magnitude, digits - 1 - exponent));
        string exponential = Exponential(magnitude, digits - 1);
        int mark = exponential.IndexOfAny(['e', 'E']);
        return WithoutTrailingZeros(exponential[..mark]) + exponential[mark..];
    }

    private static string WithoutTrailingZeros(string text) => text.Contains('.') ? text.TrimEnd('0').TrimEnd('.') : text;

    private string SignOf(bool isNegative) => isNegative ? "-" : Sign is '+' or ' ' ? Sign.ToString() : "";

    private string GroupWhole(string number)
    {
        int end = number.AsSpan().IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? Group(number, 3) : Group(number[..end], 3) + number[end..];
    }

    private string Group(string digits, int size)
    {
        if (Grouping == '\0')
            return digits;
        for (int i = digits.Length - size; i > 0; i -= size)
            digits = digits.Insert(i, Grouping.ToString());
        return digits;
    }

    private string Pad(string sign, string text) => Pad(sign, text, Align == '\0' ? '>' : Align);

    private string Pad(string sign, string text, char align)
    {
        int padding = Math.Max(0, Width - CodePoints.Count(text) - sign.Length);
        int left = align switch { '<' => 0, '^' => padding / 2, _ => padding };
        BoundedText padded = new();
        if (align == '=')
            return padded.Append(sign).Append(Fill, padding).Append(text).ToString();
        return padded.Append(Fill, left).Append(sign).Append(text).Append(Fill, padding - left).ToString();
    }

    /// <param name="bits">Bits that one digit holds: 1, 3 or 4.</param>
    private static string InRadix(BigInteger magnitude, int bits)
    {
        char[] digits = new char[Math.Max(1, (int)((magnitude.GetBitLength() + bits - 1) / bits))];
        for (int i = digits.Length - 1; i >= 0; i--, magnitude >>= bits)
            digits[i] = "0123456789abcdef"[(int)(magnitude & ((1 << bits) - 1))];
        return new string(digits);
    }

    private static string Character(BigInteger point) => point >= 0 && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF)
        ? char.ConvertFromUtf32((int)point)
        : throw new ChatTemplateException("%c arg not in range(0x110000)");

    private static char Take(string text, ref int at, string choices) =>
        at < text.Length && choices.Contains(text[at]) ? text[at++] : '\0';

    private static int? TakeNumber(string text, ref int at)
    {
        int start = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
            at++;
        if (start == at)
            return null;
        return at - start < 9
            ? int.Parse(text.AsSpan(start, at - start), CultureInfo.InvariantCulture)
            : throw new ChatTemplateException("Too many decimal digits in format string");
    }
}
