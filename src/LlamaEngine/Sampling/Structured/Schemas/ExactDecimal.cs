using System.Globalization;
using System.Numerics;
using System.Text.Json;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>A JSON number, exactly: mantissa × 10^exponent, where the mantissa does not end in a zero. Equal when the numbers are.</summary>
internal readonly record struct ExactDecimal : IComparable<ExactDecimal>
{
    private const int MaxExponent = 400, MaxDigits = 400;

    private ExactDecimal(BigInteger mantissa, int exponent)
    {
        if (mantissa.IsZero)
            exponent = 0;
        while (!mantissa.IsZero && (mantissa % 10).IsZero)
            (mantissa, exponent) = (mantissa / 10, exponent + 1);
        (Mantissa, Exponent) = (mantissa, exponent);
    }

    /// <summary>The digits, with the sign.</summary>
    public BigInteger Mantissa { get; }

    /// <summary>The power of ten.</summary>
    public int Exponent { get; }

    /// <summary>Whether it has no fraction.</summary>
    public bool IsInteger => Exponent >= 0;

    /// <summary>Without its sign.</summary>
    public ExactDecimal Magnitude => new(BigInteger.Abs(Mantissa), Exponent);

    /// <summary>−1, 0 or 1.</summary>
    public int Sign => Mantissa.Sign;

    /// <summary>A whole number.</summary>
    public static ExactDecimal Of(BigInteger value) => new(value, 0);

    /// <summary>Reads a JSON number; null: it is too large or too long.</summary>
    public static ExactDecimal? TryRead(JsonElement number)
    {
        string text = number.GetRawText();
        int e = text.IndexOfAny(['e', 'E']), end = e < 0 ? text.Length : e;
        int exponent = 0;
        if (end > MaxDigits || (e >= 0 && !int.TryParse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out exponent)))
            return null;
        int point = text.IndexOf('.', 0, end);
        string digits = point < 0 ? text[..end] : text[..point] + text[(point + 1)..end];
        var result = new ExactDecimal(
            BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            Math.Clamp(exponent, -MaxExponent, MaxExponent) - (point < 0 ? 0 : end - point - 1));
        return Math.Abs((long)exponent) > MaxExponent ? null : result;
    }

    /// <summary>Whether it is a whole multiple of a number above 0.</summary>
    public bool IsMultipleOf(ExactDecimal factor)
    {
        int common = Math.Min(Exponent, factor.Exponent);
        return (Scaled(common) % factor.Scaled(common)).IsZero;
    }

    /// <summary>The smallest number above 0 that is a multiple of both.</summary>
    public static ExactDecimal LeastCommonMultiple(ExactDecimal a, ExactDecimal b)
    {
        int common = Math.Min(a.Exponent, b.Exponent);
        BigInteger x = a.Scaled(common), y = b.Scaled(common);
        return new ExactDecimal(x / BigInteger.GreatestCommonDivisor(x, y) * y, common);
    }

    /// <summary>The whole number that it is in units of 10^<paramref name="exponent"/>, which is not above its own exponent.</summary>
    public BigInteger Scaled(int exponent) => Mantissa * BigInteger.Pow(10, Exponent - exponent);

    /// <summary>The digits of its magnitude before and behind the point, without leading and trailing zeros.</summary>
    public (string Integer, string Fraction) Digits()
    {
        string digits = BigInteger.Abs(Mantissa).ToString(CultureInfo.InvariantCulture);
        if (Mantissa.IsZero)
            return ("", "");
        if (Exponent >= 0)
            return (digits + new string('0', Exponent), "");
        return digits.Length > -Exponent
            ? (digits[..^-Exponent], digits[^-Exponent..])
            : ("", new string('0', -Exponent - digits.Length) + digits);
    }

    /// <inheritdoc/>
    public int CompareTo(ExactDecimal other)
    {
        int common = Math.Min(Exponent, other.Exponent);
        return Scaled(common).CompareTo(other.Scaled(common));
    }
}
