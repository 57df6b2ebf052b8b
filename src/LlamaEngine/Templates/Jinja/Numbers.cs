using System.Globalization;
using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's view of numbers: bool is an int, ints have no fixed size (here: a generous one).</summary>
internal static class Numbers
{
    /// <summary>Largest integer in bits; that is more than 1,200 digits.</summary>
    public const int MaxBits = 4096;

    public static bool IsNumber(object? value) => value is bool or BigInteger or double;

    public static bool TryInteger(object? value, out BigInteger integer)
    {
        integer = value switch { BigInteger given => given, true => BigInteger.One, _ => BigInteger.Zero };
        return value is BigInteger or bool;
    }

    public static double ToDouble(object? value) => value switch
    {
        double number => number,
        bool truth => truth ? 1 : 0,
        BigInteger integer when double.IsFinite((double)integer) => (double)integer,
        BigInteger => throw new ChatTemplateException("int too large to convert to float"),
        Undefined undefined => throw undefined.Error(),
        _ => throw new ChatTemplateException($"must be real number, not {PythonType.Name(value)}"),
    };

    /// <summary>An integer to index or count with; beyond ±2³⁰ it is clamped, which is beyond every length.</summary>
    public static int ToIndex(object? value)
    {
        if (value is Undefined undefined)
            throw undefined.Error();
        if (!TryInteger(value, out BigInteger integer))
            throw new ChatTemplateException($"'{PythonType.Name(value)}' object cannot be interpreted as an integer");
        return (int)BigInteger.Clamp(integer, -(1 << 30), 1 << 30);
    }

    public static BigInteger Checked(BigInteger integer) => integer.GetBitLength() <= MaxBits
        ? integer
        : throw new ChatTemplateException($"The template made an integer of more than {MaxBits} bits.");

    /// <summary>A float without its fraction, as Python's <c>int(x)</c>.</summary>
    public static BigInteger Truncate(double number) => double.IsFinite(number)
        ? new BigInteger(Math.Truncate(number))
        : throw new ChatTemplateException("cannot convert float infinity or NaN to integer");

    /// <summary>Parses what Python's <c>float(text)</c> takes.</summary>
    public static bool TryParseDouble(string text, out double number)
    {
        string digits = CodePoints.Strip(text).Replace("_", "", StringComparison.Ordinal);
        switch (digits.TrimStart('+', '-').ToUpperInvariant())
        {
            case "INF" or "INFINITY":
                number = digits[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
                return true;
            case "NAN":
                number = double.NaN;
                return true;
            default:
                const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
                return double.TryParse(digits, Style, CultureInfo.InvariantCulture, out number);
        }
    }

    /// <summary>Parses what Python's <c>int(text, radix)</c> takes.</summary>
    public static bool TryParseInteger(string text, int radix, out BigInteger integer)
    {
        integer = BigInteger.Zero;
        string digits = CodePoints.Strip(text).Replace("_", "", StringComparison.Ordinal);
        bool negative = digits.StartsWith('-');
        if (negative || digits.StartsWith('+'))
            digits = digits[1..];
        digits = WithoutPrefix(digits, ref radix);
        if (digits.Length == 0 || digits.Length > MaxBits || radix is < 2 or > 36)
            return false;
        if (digits.Any(digit => DigitOf(digit) >= radix))
            return false;
        integer = radix == 10
            ? BigInteger.Parse(digits, CultureInfo.InvariantCulture)
            : digits.Aggregate(BigInteger.Zero, (value, digit) => value * radix + DigitOf(digit));
        integer = Checked(negative ? -integer : integer);
        return true;
    }

    private static int DigitOf(char character) =>
        char.IsAsciiDigit(character) ? character - '0' : char.IsAsciiLetter(character) ? (character | 32) - 'a' + 10 : int.MaxValue;

    private static string WithoutPrefix(string digits, ref int radix)
    {
        int named = digits.Length > 2 && digits[0] == '0' ? (digits[1] | 32) switch { 'x' => 16, 'o' => 8, 'b' => 2, _ => 0 } : 0;
        if (named != 0 && (radix == named || radix == 0))
        {
            radix = named;
            return digits[2..];
        }
        radix = radix == 0 ? 10 : radix;
        return digits;
    }
}
