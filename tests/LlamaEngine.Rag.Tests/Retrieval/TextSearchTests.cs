using LlamaEngine.Rag.Tests.Storage;

namespace LlamaEngine.Rag.Tests.Retrieval;

public class TextSearchTests
{
    private static readonly string[] s_words =
        ["herring", "kelp", "lamp", "keeper", "harbour", "salt", "october", "oar", "tide", "rope", "boat", "storm", "net", "gull", "anchor"];

    /// <summary>
    /// BM25 as SQLite's documentation writes it (https://sqlite.org/fts5.html#the_bm25_function), in plain C#: Σ IDF · f (k1 + 1) ÷ (f + k1 (1 − b + b D ÷ avgdl)), where f
    /// is the sum over columns of weight × frequency, IDF = ln((N − n + 0.5) ÷ (n + 0.5)), at least 10⁻⁶, k1 = 1.2 and b = 0.75.
    /// </summary>
    [Theory]
    [InlineData("herring")]
    [InlineData("herring kelp")]
    [InlineData("Which harbour has an anchor, a rope and a net?")]
    [InlineData("title3 october storms")]
    [InlineData("unknown tide")]
    public void Ranks_as_the_formula_says(string question)
    {
        (DocumentIndex index, List<string[][]> rows) = RandomIndex(120);
        using (index)
        {
            string[] terms = [.. index.Read(view => view.WordsOf(question).Terms.ToArray())];
            List<(long Id, double Score)> expected = [.. rows.Select((columns, i) => (i + 1L, Bm25(rows, columns, terms)))
                .Where(one => one.Item2 > 0).OrderByDescending(one => one.Item2).ThenBy(one => one.Item1)];
            Dictionary<long, double> scores = expected.ToDictionary(one => one.Id, one => one.Score);

            List<long> actual = index.Read(view => view.SearchText(view.WordsOf(question), 200));
            Assert.Equal(expected.Select(one => one.Id).Order(), actual.Order());
            for (int i = 0; i < actual.Count; i++)
                Assert.Equal(expected[i].Score, scores[actual[i]], 1e-9);
            Assert.Equal(actual.Take(7), index.Read(view => view.SearchText(view.WordsOf(question), 7)));
        }
    }

    [Theory]
    [InlineData("storms", "The storm came.")]
    [InlineData("STÖRM", "The storm came.")]
    [InlineData("salting", "Herring is salted.")]
    [InlineData("Who salted the herrings in OCTOBER?", "Herring is salted.")]
    [InlineData("naïve", "A naive plan.")]
    public void Words_are_folded_and_stemmed(string question, string found)
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        index.Put("a.md", Samples.Document("One", "The storm came.", "Herring is salted.", "A naive plan."));
        Assert.Equal([found], index.FindTexts(question));
    }

    [Fact]
    public void Function_words_are_not_looked_for_unless_there_are_no_others()
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        index.Put("a.md", Samples.Document("One", "What the keeper did is not known.", "Herring swims."));
        Assert.Equal(["Herring swims."], index.FindTexts("What is the herring?"));
        Assert.Equal(["What the keeper did is not known."], index.FindTexts("What did the"));
        // "does" and "doe" have one stem, and only one of them is a function word.
        Assert.Equal(["doe"], index.Read(view => view.WordsOf("Does the doe swim?").Words.Select(word => word.Written).ToArray()).Take(1));
    }

    [Fact]
    public void Titles_and_headings_are_searched_too()
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        index.Put("a.md", Samples.Document("Lighthouse", "It is tall."));
        Assert.Equal(["It is tall."], index.FindTexts("lighthouses"));
        Assert.Equal(["It is tall."], index.FindTexts("about it lighthouse"));
    }

    [Theory]
    [InlineData("\"")]
    [InlineData("\"\"\" OR *")]
    [InlineData("herring*")]
    [InlineData("title:herring")]
    [InlineData("NEAR(herring kelp, 2)")]
    [InlineData("herring AND NOT (kelp")]
    [InlineData("^herring + {title heading} : kelp - oar")]
    [InlineData("\0herring\0")]
    public void A_question_is_never_syntax(string question)
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        index.Put("a.md", Samples.Document("One", "Herring is salted.", "And the net is not near the title."));
        List<string> found = index.FindTexts(question);
        Assert.Equal(question.Contains("herring", StringComparison.Ordinal), found.Contains("Herring is salted."));
    }

    [Fact]
    public void Random_questions_are_answered_and_find_what_has_one_of_their_words()
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        index.Put("a.md", Samples.Document("One", [.. s_words]));
        Random random = new(11);
        string[] parts = [.. s_words, "\"", "*", "(", ")", "NEAR", "AND", "OR", "NOT", "title:", "{", "}", "^", "+", "-", ",", "'", ";", "--", "\\", "%", "ß", "İ", "é́", "日本", "🙂", "\ud83d", "\u0301", "\0", "\u00a0", "ﬁ", "𝔘", "٣", "Ⅻ", "½", "क्षि"];
        for (int i = 0; i < 1500; i++)
        {
            string question = string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => parts[random.Next(parts.Length)] + (random.Next(2) == 0 ? " " : "")));
            List<string> found = index.FindTexts(question);
            foreach (string word in s_words)
            {
                if (question.Split(' ').Contains(word))
                    Assert.Contains(word, found);
            }
        }
    }

    [Fact]
    public void A_question_of_thousands_of_words_is_looked_for_by_the_rarest()
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        index.Put("a.md", Samples.Document("One", [.. Enumerable.Range(0, 300).Select(i => $"common{i % 5} piece"), "The common0 anchor"]));
        string question = string.Join(' ', Enumerable.Range(0, 5000).Select(i => $"common{i % 5} absent{i % 50}")) + " anchor";
        Assert.Equal("The common0 anchor", index.FindTexts(question, 1).Single());
    }

    private static (DocumentIndex Index, List<string[][]> Rows) RandomIndex(int chunks)
    {
        Random random = new(7);
        DocumentIndex index = DocumentIndex.Open(null, "a");
        List<string[][]> rows = [];
        for (int document = 0; rows.Count < chunks; document++)
        {
            string[] texts = [.. Enumerable.Range(0, 4).Select(_ => string.Join(' ', Enumerable.Range(0, random.Next(1, 30)).Select(_ => s_words[Math.Min(random.Next(15), random.Next(15))])))];
            string title = $"title{document} {s_words[random.Next(15)]}";
            index.Put($"{document}.md", Samples.Document(title, texts));
            rows.AddRange(texts.Select(text => (string[][])[title.Split(' '), ["about", .. title.Split(' ')], text.Split(' ')]));
        }
        // What the stemmer makes of these few words; all others stand for themselves.
        return (index, [.. rows.Select(columns => columns.Select(words => words.Select(word => word switch { "october" => "octob", "herring" => "her", _ => word }).ToArray()).ToArray())]);
    }

    private static double Bm25(List<string[][]> rows, string[][] row, string[] terms)
    {
        double[] weights = IndexView.ColumnWeights;
        double average = rows.Average(columns => (double)columns.Sum(words => words.Length));
        double length = row.Sum(words => words.Length), score = 0;
        foreach (string term in terms)
        {
            double having = rows.Count(columns => columns.Any(words => words.Contains(term)));
            double rarity = Math.Max(1e-6, Math.Log((rows.Count - having + 0.5) / (having + 0.5)));
            double frequency = row.Select((words, column) => weights[column] * words.Count(word => word == term)).Sum();
            score += rarity * frequency * 2.2 / (frequency + 1.2 * (1 - 0.75 + 0.75 * length / average));
        }
        return score;
    }
}
