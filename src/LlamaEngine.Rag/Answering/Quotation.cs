using System.Text.RegularExpressions;

namespace LlamaEngine.Rag;

/// <summary>A sentence of a passage, and how much speaks for it as the answer.</summary>
/// <param name="Text">The sentence; with the one before it where it refers back ("It was built …").</param>
/// <param name="Passage">Where it stands.</param>
/// <param name="Evidence">0 … 1.</param>
internal sealed record Quotation(string Text, Passage Passage, double Evidence)
{
    /// <summary>The sentences of some passages that bear on a question, the best first; each once.</summary>
    /// <remarks>
    /// Evidence is the share of the question's words that a sentence has (weighed by rarity), two thirds for the sentence itself, one third together with
    /// the headings it stands under; and less where it lacks the kind of answer that is asked for.
    /// </remarks>
    /// <param name="question">What was asked.</param>
    /// <param name="query">The same so that it stands alone; evidence is the mean of both.</param>
    public static List<Quotation> Find(DocumentIndex index, string question, string query, IEnumerable<Passage> passages)
    {
        List<(string Text, string Under, Passage Passage)> candidates = [];
        HashSet<(string Document, string Text)> seen = [];
        foreach (Passage passage in passages)
        {
            foreach (string text in TextsOf(passage.Text))
            {
                if (seen.Add((passage.Document, text)))
                    candidates.Add((text, $"{passage.Title} {passage.Heading} {text}", passage));
            }
        }
        string[] texts = [.. candidates.Select(one => one.Text), .. candidates.Select(one => one.Under)];
        double[] shares = index.Cover(question, texts);
        if (query != question)
            shares = [.. shares.Zip(index.Cover(query, texts), (one, other) => (one + other) / 2)];
        return
        [
            .. candidates
                .Select((one, i) => new Quotation(one.Text, one.Passage, Weigh(shares[i], shares[candidates.Count + i], ExpectedAnswer.IsIn(one.Text, question))))
                .OrderByDescending(one => one.Evidence),
        ];
    }

    private static double Weigh(double own, double under, bool isOfTheKind) => (2 * own + under) / 3 * (isOfTheKind ? 1 : 0.7);

    private static IEnumerable<string> TextsOf(string passage)
    {
        string before = "";
        foreach (Range range in SentenceSplitter.Split(passage))
        {
            string sentence = Reference.OneLine(passage[range]);
            yield return before.Length > 0 && Reference.Leads(sentence) ? $"{before} {sentence}" : sentence;
            before = sentence;
        }
    }
}

/// <summary>Words that stand for something said before.</summary>
internal static partial class Reference
{
    /// <summary>Whether a sentence begins with one, so that it says little alone.</summary>
    public static bool Leads(string sentence) => Leading().IsMatch(sentence);

    /// <summary>Whether a question refers to what was said before.</summary>
    public static bool IsIn(string question) => Anywhere().IsMatch(question);

    /// <summary>The text without line breaks.</summary>
    public static string OneLine(string text) => Space().Replace(text, " ").Trim();

    [GeneratedRegex(@"^\W*(it|its|he|his|she|her|they|their|them|this|that|these|those|both|together|there|then|beside\s+it|inside\s+it|behind\s+it|above\s+it|below\s+it)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Leading();

    [GeneratedRegex(@"\b(it|its|he|him|his|she|her|hers|they|them|their|theirs)\b|\b(there|then|that|this|one)\W*$|^\W*(and|but|why|what about|how about)\W|^\W*why\W*$", RegexOptions.IgnoreCase)]
    private static partial Regex Anywhere();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
