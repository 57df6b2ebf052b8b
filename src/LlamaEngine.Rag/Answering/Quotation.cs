using System.Text.RegularExpressions;

namespace LlamaEngine.Rag;

/// <summary>A sentence of a passage, and how much speaks for it as the answer.</summary>
/// <param name="Text">The sentence; with the one before it where it refers back ("It was built …").</param>
/// <param name="Passage">Where it stands.</param>
/// <param name="Evidence">0 … 1.</param>
internal sealed record Quotation(string Text, Passage Passage, double Evidence)
{
    private const double WrongKind = 0.7, WrongSubject = 0.6;

    /// <summary>The sentences of some passages that bear on a question, the best first; each once.</summary>
    /// <remarks>
    /// Evidence is the share of the question's words that a sentence has (weighed by rarity), two thirds for the sentence itself, one third together with
    /// the headings it stands under. It is less where the sentence lacks the kind of answer that is asked for, and where its passage and headings never
    /// mention what the question calls "the" so-and-so: then they speak of something else.
    /// </remarks>
    /// <param name="question">What was asked.</param>
    /// <param name="query">The same so that it stands alone; evidence is the mean of both.</param>
    public static List<Quotation> Find(DocumentIndex index, string question, string query, IEnumerable<Passage> passages)
    {
        List<Candidate> candidates = [];
        HashSet<(string Document, string Text)> seen = [];
        foreach (Passage passage in passages)
            candidates.AddRange(CandidatesIn(passage).Where(one => seen.Add((passage.Document, one.Text))));
        string[] texts = [.. candidates.Select(one => one.Text), .. candidates.Select(one => $"{one.Passage.Title} {one.Passage.Heading} {one.Text}")];
        var expected = ExpectedAnswer.Of(question, out string asked);
        double[] shares = index.Cover(asked, texts);
        if (query != question)
            shares = [.. shares.Zip(index.Cover(query, texts), (one, other) => (one + other) / 2)];
        HashSet<long> strangers = Strangers(index, asked, [.. candidates.Select(one => one.Passage).Distinct()]);
        double Weigh(Candidate one, int i) => (2 * shares[i] + shares[candidates.Count + i]) / 3
            * (expected.IsIn(one.Text, one.Sentence) ? 1 : WrongKind) * (strangers.Contains(one.Passage.Id) ? WrongSubject : 1);
        return [.. candidates.Select((one, i) => new Quotation(one.Text, one.Passage, Weigh(one, i))).OrderByDescending(one => one.Evidence)];
    }

    // The passages that do not mention one of the things that the question speaks of as known.
    private static HashSet<long> Strangers(DocumentIndex index, string question, Passage[] passages)
    {
        HashSet<long> strangers = [];
        string[] texts = [.. passages.Select(passage => $"{passage.Title} {passage.Heading} {passage.Text}")];
        foreach (string subject in Reference.Subjects(question))
        {
            double[] shares = index.Cover(subject, texts);
            strangers.UnionWith(passages.Where((_, i) => shares[i] == 0).Select(passage => passage.Id));
        }
        return strangers;
    }

    /// <param name="Text">What would be quoted.</param>
    /// <param name="Sentence">Its last sentence.</param>
    private readonly record struct Candidate(string Text, string Sentence, Passage Passage);

    private static IEnumerable<Candidate> CandidatesIn(Passage passage)
    {
        string before = "";
        foreach (Range range in SentenceSplitter.Split(passage.Text))
        {
            string sentence = Reference.OneLine(passage.Text[range]);
            yield return new Candidate(before.Length > 0 && Reference.Leads(sentence) ? $"{before} {sentence}" : sentence, sentence, passage);
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

    /// <summary>What a question speaks of as known: the word behind each "the".</summary>
    public static IEnumerable<string> Subjects(string question) =>
        Definite().Matches(question).Select(match => match.Groups[1].Value).Where(word => !FunctionWords.Contains(word));

    /// <summary>The text without line breaks.</summary>
    public static string OneLine(string text) => Space().Replace(text, " ").Trim();

    [GeneratedRegex(@"^\W*(it|its|he|his|she|her|they|their|them|this|that|these|those|both|together|there|then|beside\s+it|inside\s+it|behind\s+it|above\s+it|below\s+it)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Leading();

    [GeneratedRegex(@"\b(it|its|he|him|his|she|her|hers|they|them|their|theirs)\b|\b(there|then|that|this|one)\W*$|^\W*(and|but|why|what about|how about)\W|^\W*why\W*$", RegexOptions.IgnoreCase)]
    private static partial Regex Anywhere();

    [GeneratedRegex(@"\bthe\s+([\p{L}\p{N}]+)", RegexOptions.IgnoreCase)]
    private static partial Regex Definite();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
