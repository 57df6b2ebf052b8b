using System.Collections.Immutable;
using System.Globalization;

namespace LlamaEngine.Devices;

/// <summary>A number for each node as SLURM writes it: <c>2(x3),1</c> is 2, 2, 2 and 1.</summary>
internal static class NodeCounts
{
    /// <summary>Most nodes of one text.</summary>
    public const int MaxNodes = HostList.MaxNames;

    private const string RepeatStart = "(x";

    /// <summary>The numbers, each at least 1; false if the text is anything else, or has more than <see cref="MaxNodes"/>.</summary>
    public static bool TryParse(string text, out ImmutableArray<int> counts)
    {
        counts = [];
        ImmutableArray<int>.Builder builder = ImmutableArray.CreateBuilder<int>();
        foreach (Range range in text.AsSpan().Split(','))
        {
            if (!TryParseEntry(text.AsSpan(range), out int count, out int repeats) || repeats > MaxNodes - builder.Count)
                return false;
            for (int i = 0; i < repeats; i++)
                builder.Add(count);
        }
        counts = builder.ToImmutable();
        return true;
    }

    private static bool TryParseEntry(ReadOnlySpan<char> entry, out int count, out int repeats)
    {
        repeats = 1;
        int start = entry.IndexOf(RepeatStart, StringComparison.Ordinal);
        if (start < 0)
            return TryParseNumber(entry, out count);
        return TryParseNumber(entry[..start], out count)
            & entry.EndsWith(")", StringComparison.Ordinal)
            && TryParseNumber(entry[(start + RepeatStart.Length)..^1], out repeats);
    }

    private static bool TryParseNumber(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number > 0;
}
