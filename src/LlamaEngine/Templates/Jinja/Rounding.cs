using System.Globalization;
using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's <c>round</c>: to the nearest, ties to even, judged by the number's exact decimal value.</summary>
internal static class Rounding
{
    public static double ToDigits(double number, int digits)
    {
        if (!double.IsFinite(number) || digits > 323)
            return number;
        if (digits < -308)
            return Math.CopySign(0, number);
        return digits <= 0 ? ToTens(number, -digits) : double.Parse(ToFixed(number, digits), CultureInfo.InvariantCulture);
    }

    public static BigInteger ToPowerOfTen(BigInteger number, int power)
    {
        if (power > 5000)
            return BigInteger.Zero;
        BigInteger unit = BigInteger.Pow(10, power);
        (BigInteger quotient, BigInteger remainder) = BigInteger.DivRem(BigInteger.Abs(number), unit);
        int order = (remainder * 2).CompareTo(unit);
        if (order > 0 || (order == 0 && !quotient.IsEven))
            quotient++;
        return quotient * unit * number.Sign;
    }

    /// <summary>So many digits behind the point.</summary>
    /// <remarks>.NET's F format is exact, but rounds ties away from zero; only exactly representable numbers can be ties.</remarks>
    public static string ToFixed(double number, int digits)
    {
        (BigInteger mantissa, int exponent) = Decompose(Math.Abs(number));
        BigInteger scaled = mantissa * BigInteger.Pow(10, digits);
        BigInteger rounded = exponent >= 0 ? scaled << exponent : ShiftRightToEven(scaled, -exponent);
        string text = rounded.ToString(CultureInfo.InvariantCulture).PadLeft(digits + 1, '0');
        string sign = double.IsNegative(number) ? "-" : "";
        return digits == 0 ? sign + text : $"{sign}{text[..^digits]}.{text[^digits..]}";
    }

    private static double ToTens(double number, int power)
    {
        if (power == 0)
            return Math.Round(number, MidpointRounding.ToEven);
        BigInteger whole = Numbers.Truncate(number);
        return Math.CopySign((double)ToPowerOfTen(whole, power), number);
    }

    /// <summary>The number as mantissa · 2^exponent.</summary>
    private static (BigInteger Mantissa, int Exponent) Decompose(double number)
    {
        long bits = BitConverter.DoubleToInt64Bits(number);
        int exponent = (int)(bits >> 52) & 0x7FF;
        long fraction = bits & 0xFFFFFFFFFFFFF;
        return exponent == 0 ? (fraction, -1074) : (fraction | (1L << 52), exponent - 1075);
    }

    private static BigInteger ShiftRightToEven(BigInteger number, int shift)
    {
        BigInteger quotient = number >> shift;
        BigInteger twice = (number - (quotient << shift)) << 1;
        int order = twice.CompareTo(BigInteger.One << shift);
        return order > 0 || (order == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
