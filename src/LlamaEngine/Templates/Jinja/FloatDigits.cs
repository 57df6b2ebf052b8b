using System.Globalization;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Lays the digits of a float out as Python does: plain from 1e-4 up to 1e16, else with an exponent.</summary>
internal static class FloatDigits
{
    /// <param name="shortest">The finite number's shortest round-trip form, as .NET writes it.</param>
    public static string Layout(string shortest)
    {
        string sign = shortest.StartsWith('-') ? "-" : "";
        (string digits, int exponent) = Parse(shortest[sign.Length..]);
        if (exponent is < -4 or >= 16)
            return $"{sign}{digits[0]}{(digits.Length > 1 ? "." + digits[1..] : "")}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        if (exponent < 0)
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        string whole = digits.PadRight(exponent + 1, '0');
        string fraction = whole[(exponent + 1)..];
        return $"{sign}{whole[..(exponent + 1)]}.{(fraction.Length == 0 ? "0" : fraction)}";
    }

    /// <summary>Significant digits, and the decimal exponent of the first of them.</summary>
    private static (string Digits, int Exponent) Parse(string text)
    {
        int mark = text.IndexOf('E', StringComparison.Ordinal);
        int exponent = mark < 0 ? 0 : int.Parse(text.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        string mantissa = mark < 0 ? text : text[..mark];
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        string significant = digits.TrimStart('0');
        if (significant.Length == 0)
            return ("0", 0);
        int leadingZeros = digits.Length - significant.Length;
        return (significant.TrimEnd('0'), exponent + (point < 0 ? digits.Length : point) - leadingZeros - 1);
    }
}
