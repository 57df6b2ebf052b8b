using System.Globalization;

namespace LlamaEngine.Cli.Serving;

/// <summary>Whole numbers from the least to the most, both included; written <c>100</c> or <c>16-64</c>.</summary>
internal readonly record struct ValueRange(int Least, int Most)
{
    /// <summary>Reads a range of numbers from 1 to <paramref name="limit"/>.</summary>
    public static bool TryParse(string text, int limit, out ValueRange range)
    {
        string[] ends = text.Split('-');
        range = default;
        if (ends.Length > 2 || !TryParseEnd(ends[0], limit, out int least) || !TryParseEnd(ends[^1], limit, out int most) || least > most)
            return false;
        range = new ValueRange(least, most);
        return true;
    }

    /// <summary>One of the numbers, each as likely as the others.</summary>
    public int Draw(Random random) => random.Next(Least, Most + 1);

    /// <inheritdoc/>
    public override string ToString() => Least == Most
        ? Least.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Least}-{Most}");

    private static bool TryParseEnd(string text, int limit, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= 1 && value <= limit;
}
