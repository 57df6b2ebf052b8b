using LlamaEngine.Rag.Tests.Storage;

namespace LlamaEngine.Rag.Tests.Retrieval;

public class CoverageTests
{
    [Fact]
    public void Weighs_words_by_how_rare_they_are()
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        // Of six chunks five have "boat" and one "anchor"; none has "submarine".
        index.Put("a.md", Samples.Document("T", "A boat.", "Boats row.", "The boat sinks.", "One boat.", "This boat's anchor.", "Nothing."));
        double boat = Math.Log(1 + 1.5 / 5.5), anchor = Math.Log(1 + 5.5 / 1.5), submarine = Math.Log(1 + 6.5 / 0.5), all = boat + anchor + submarine;

        double[] actual = index.Cover(
            "What boats have the anchor of a Submarine, boat?", ["", "An ANCHOR!", "boating boat", "Submarines; the boat", "anchor boat submarine", "what have the of a"]);

        double[] expected = [0, anchor / all, boat / all, (boat + submarine) / all, 1, 0];
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], 1e-12);
    }

    [Fact]
    public void Changes_with_the_index()
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        index.Put("a.md", Samples.Document("T", "boat", "boat", "anchor"));
        double before = index.Cover("boat anchor", ["boat"])[0];
        index.Put("b.md", Samples.Document("T", "anchor", "anchor", "anchor"));
        double after = index.Cover("boat anchor", ["boat"])[0];
        Assert.Equal(Weight(2, 3) / (Weight(2, 3) + Weight(1, 3)), before, 1e-12);
        Assert.Equal(Weight(2, 6) / (Weight(2, 6) + Weight(4, 6)), after, 1e-12);

        static double Weight(int having, int all) => Math.Log(1 + (all - having + 0.5) / (having + 0.5));
    }

    [Theory]
    [InlineData("Who is who?", "Who knows", 1)]
    [InlineData("?!", "anything", 0)]
    [InlineData("", "anything", 0)]
    [InlineData("lamp", "", 0)]
    public void Has_an_answer_for_questions_without_content(string question, string text, double atLeast)
    {
        using DocumentIndex index = DocumentIndex.Open(null, "a");
        double covered = index.Cover(question, [text])[0];
        Assert.Equal(atLeast > 0, covered > 0);
    }

    /// <summary>Pieces are kept between calls: what was asked before must not change what comes now, at whatever size.</summary>
    [Fact]
    public void Terms_are_those_of_the_whole_text_whatever_was_asked_before()
    {
        using FullTextTokenizer fresh = new(), used = new();
        Random random = new(2);
        string[] parts = ["Herring", "salted", "well-kept", "U.S.", "don't", " ", "\t", "\u00a0", "\u2003", "\n", "é", "e\u0301", "\u0301", "日本語", "x\0y", "🙂", "ﬁsh", "\u180e", "\u200b", "\u0085", new string('q', 100), "runningly"];
        for (int i = 0; i < 400; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => parts[random.Next(parts.Length)]));
            Assert.Equal(Whole(text), used.Terms(text));
        }

        // One row with the whole text, which is not cut into pieces first.
        List<string> Whole(string text)
        {
            using Microsoft.Data.Sqlite.SqliteConnection connection = new("Data Source=:memory:;Pooling=False");
            connection.Open();
            connection.Execute($"CREATE VIRTUAL TABLE t USING fts5(x, tokenize = '{IndexSchema.Tokenizer}'); CREATE VIRTUAL TABLE v USING fts5vocab(t, instance);");
            connection.Execute("INSERT INTO t VALUES ($text)", ("$text", text));
            return connection.Rows(row => row.GetString(0), "SELECT term FROM v ORDER BY offset");
        }
    }

    [Fact]
    public void More_pieces_than_are_kept_are_still_right()
    {
        using FullTextTokenizer tokenizer = new();
        string[] texts = [.. Enumerable.Range(0, 140).Select(i => string.Join(' ', Enumerable.Range(0, 500).Select(j => $"w{i * 500 + j}")))];
        foreach (string[] some in texts.Chunk(20))
        {
            List<string>[] terms = tokenizer.Terms(some);
            for (int i = 0; i < some.Length; i++)
                Assert.Equal(some[i].Split(' '), terms[i]);
        }
    }
}
