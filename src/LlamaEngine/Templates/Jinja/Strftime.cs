using System.Globalization;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's <c>strftime</c> for a time without a zone, in the C locale.</summary>
internal static class Strftime
{
    /// <summary>Formats a time; <c>-</c>, <c>_</c>, <c>0</c> and <c>^</c> between percent sign and letter work as in glibc.</summary>
    public static string Format(DateTimeOffset time, string format)
    {
        BoundedText text = new();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            char flag = format[i + 1] is '-' or '_' or '0' or '^' && i + 2 < format.Length ? format[i + 1] : ' ';
            i += flag == ' ' ? 1 : 2;
            text.Append(Field(time, format[i], flag) ?? (flag == ' ' ? $"%{format[i]}" : $"%{flag}{format[i]}"));
        }
        return text.ToString();
    }

    private static string? Field(DateTimeOffset time, char letter, char flag)
    {
        if (Number(time, letter) is { } number)
            return Pad(number.Value, number.Width, flag == ' ' ? number.Padding : flag);
        string? text = Composite(letter) is { } composite ? Format(time, composite) : Name(time, letter);
        return flag == '^' ? text?.ToUpperInvariant() : text;
    }

    private static string Pad(int value, int width, char padding)
    {
        string digits = value.ToString(CultureInfo.InvariantCulture);
        return padding switch { '-' => digits, '_' => digits.PadLeft(width), _ => digits.PadLeft(width, '0') };
    }

    private static (int Value, int Width, char Padding)? Number(DateTimeOffset time, char letter) => letter switch
    {
        'd' => (time.Day, 2, '0'),
        'e' => (time.Day, 2, '_'),
        'm' => (time.Month, 2, '0'),
        'y' => (time.Year % 100, 2, '0'),
        'Y' => (time.Year, 1, '0'),
        'C' => (time.Year / 100, 2, '0'),
        'H' => (time.Hour, 2, '0'),
        'k' => (time.Hour, 2, '_'),
        'I' => ((time.Hour + 11) % 12 + 1, 2, '0'),
        'l' => ((time.Hour + 11) % 12 + 1, 2, '_'),
        'M' => (time.Minute, 2, '0'),
        'S' => (time.Second, 2, '0'),
        'j' => (time.DayOfYear, 3, '0'),
        'w' => ((int)time.DayOfWeek, 1, '0'),
        'u' => (((int)time.DayOfWeek + 6) % 7 + 1, 1, '0'),
        'U' => ((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7, 2, '0'),
        'W' => ((time.DayOfYear + 6 - ((int)time.DayOfWeek + 6) % 7) / 7, 2, '0'),
        'V' => (ISOWeek.GetWeekOfYear(time.DateTime), 2, '0'),
        'G' => (ISOWeek.GetYear(time.DateTime), 1, '0'),
        'g' => (ISOWeek.GetYear(time.DateTime) % 100, 2, '0'),
        _ => null,
    };

    private static string? Composite(char letter) => letter switch
    {
        'c' => "%a %b %e %H:%M:%S %Y",
        'x' or 'D' => "%m/%d/%y",
        'X' or 'T' => "%H:%M:%S",
        'F' => "%Y-%m-%d",
        'R' => "%H:%M",
        'r' => "%I:%M:%S %p",
        _ => null,
    };

    private static string? Name(DateTimeOffset time, char letter) => letter switch
    {
        'a' => time.ToString("ddd", CultureInfo.InvariantCulture),
        'A' => time.ToString("dddd", CultureInfo.InvariantCulture),
        'b' or 'h' => time.ToString("MMM", CultureInfo.InvariantCulture),
        'B' => time.ToString("MMMM", CultureInfo.InvariantCulture),
        'p' => time.Hour < 12 ? "AM" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'f' => (time.Ticks % TimeSpan.TicksPerSecond / 10).ToString("000000", CultureInfo.InvariantCulture),
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        // The time is a local one that does not know its zone, as Python's datetime.now().
        'z' or 'Z' => "",
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => null,
    };
}
