using System.Buffers;
using System.Globalization;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Json;

namespace LlamaEngine.AspNetCore.Requests;

/// <summary>Reads lengths of time: a number of seconds, or a text of numbers with units (<c>1h30m</c>, <c>5m</c>, <c>2.5s</c>, <c>500ms</c>).</summary>
internal static class Durations
{
    /// <summary>The longest that can be given; a system timer takes no more than 49 days.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromDays(30);

    private static readonly SearchValues<char> s_digits = SearchValues.Create("0123456789.");

    /// <summary>A length of time.</summary>
    /// <param name="allowsForever">0 and negative ones are allowed, too; a negative one is for ever (<see cref="Timeout.InfiniteTimeSpan"/>).</param>
    public static TimeSpan Read(JsonNode value, string path, bool allowsForever)
    {
        string expected = allowsForever
            ? "seconds or a text like \"5m\" (h, m, s, ms), at most 30 days; 0 for at once, negative for ever"
            : "seconds or a text like \"5m\" (h, m, s, ms), above 0 and at most 30 days";
        double? seconds = JsonRead.IsNumber(value) ? JsonRead.Number(value, path, double.MinValue, double.MaxValue)
            : JsonRead.IsText(value) ? Seconds(JsonRead.Text(value, path)) : null;
        if (seconds is not { } length || length > Longest.TotalSeconds || !allowsForever && length <= 0)
            throw JsonRead.Wrong(value, path, expected);
        if (length < 0)
            return Timeout.InfiniteTimeSpan;
        TimeSpan time = TimeSpan.FromSeconds(length);
        // What is shorter than a tick is not nothing.
        return time == TimeSpan.Zero && length > 0 ? TimeSpan.FromTicks(1) : time;
    }

    /// <summary>What a text says; null: it is none. Without a unit it is seconds.</summary>
    private static double? Seconds(string text)
    {
        bool isNegative = text.StartsWith('-');
        ReadOnlySpan<char> rest = text.AsSpan(isNegative ? 1 : 0);
        if (rest.IsEmpty)
            return null;
        double sum = 0;
        while (!rest.IsEmpty)
        {
            int digits = rest.IndexOfAnyExcept(s_digits);
            ReadOnlySpan<char> number = digits < 0 ? rest : rest[..digits];
            rest = rest[number.Length..];
            int units = rest.IndexOfAny(s_digits);
            ReadOnlySpan<char> unit = units < 0 ? rest : rest[..units];
            rest = rest[unit.Length..];
            if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) || FactorOf(unit) is not { } factor)
                return null;
            sum += value * factor;
        }
        return isNegative ? -sum : sum;
    }

    private static double? FactorOf(ReadOnlySpan<char> unit) => unit switch
    {
        "h" => 3600,
        "m" => 60,
        "" or "s" => 1,
        "ms" => 0.001,
        _ => null,
    };
}
