using System.Globalization;
using System.Text.RegularExpressions;

namespace LlamaEngine.Rag;

/// <summary>Finds out which passages an answer rests on.</summary>
internal static partial class Citations
{
    /// <summary>A statement has to share so much of its words with a passage to rest on it.</summary>
    private const double LeastShare = 0.5;

    /// <summary>The numbers that an answer cites, in their order; numbers that no passage has do not count.</summary>
    public static List<int> In(string answer, IReadOnlyList<CitedPassage> passages)
    {
        HashSet<int> known = [.. passages.Select(cited => cited.Number)];
        List<int> cited = [];
        foreach (Match marker in Marker().Matches(answer))
        {
            foreach (Capture capture in marker.Groups["n"].Captures)
            {
                if (int.TryParse(capture.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && known.Remove(number))
                    cited.Add(number);
            }
        }
        return cited;
    }

    /// <summary>For an answer that cites nothing: the passages that have the words of its sentences, in the order of the sentences.</summary>
    public static List<int> Attribute(DocumentIndex index, string answer, IReadOnlyList<CitedPassage> passages)
    {
        List<int> cited = [];
        string[] texts = [.. passages.Select(one => $"{one.Passage.Heading} {one.Passage.Text}")];
        foreach (Range range in SentenceSplitter.Split(answer))
        {
            double[] shares = index.Cover(answer[range], texts);
            int best = Array.IndexOf(shares, shares.Max());
            if (shares[best] >= LeastShare && !cited.Contains(passages[best].Number))
                cited.Add(passages[best].Number);
        }
        return cited;
    }

    /// <summary>Markers as an answer has them.</summary>
    public static string Write(IEnumerable<int> numbers) => string.Concat(numbers.Select(number => string.Create(CultureInfo.InvariantCulture, $" [{number}]")));

    [GeneratedRegex(@"\[\s*(?<n>\d{1,4})(?:\s*,\s*(?<n>\d{1,4}))*\s*\]")]
    private static partial Regex Marker();
}
