using System.Globalization;
using Microsoft.Data.Sqlite;

namespace LlamaEngine.Rag;

/// <summary>An index as it is at one moment: full text, vectors and passages of the same generation. Lives as long as its transaction.</summary>
internal sealed class IndexView(SqliteConnection connection, IndexState state, FullTextTokenizer tokenizer)
{
    /// <summary>At most so many different words of a question are looked for: the rarest.</summary>
    internal const int MaxWords = 64;

    private const string PassageColumns = "id, path, title, heading, line, start, text, tokens";

    // What a word in the title, in a heading and in the text counts for BM25; docs/rag.md has what was measured.
    internal static readonly double[] ColumnWeights = [1, 1, 1];

    private static readonly string s_weights = string.Join(", ", ColumnWeights.Select(weight => weight.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The vectors.</summary>
    public VectorTable Vectors => state.Vectors;

    /// <summary>How many chunks there are.</summary>
    public int Chunks => state.Chunks;

    /// <summary>The documents, by path.</summary>
    public List<IndexedDocument> Documents() => connection.Rows(
        row => new IndexedDocument(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3)),
        "SELECT path, title, hash, (SELECT count(*) FROM chunks WHERE document = documents.id) FROM documents ORDER BY path");

    /// <summary>A document's text; null: there is none.</summary>
    public string? ReadText(string path) => connection.Scalar("SELECT text FROM documents WHERE path = $path", ("$path", path)) as string;

    /// <summary>A passage; null: it is gone.</summary>
    public Passage? Find(long id) =>
        connection.Rows(ReadPassage, $"SELECT {PassageColumns} FROM passages WHERE id = $id", ("$id", id)) is [var passage] ? passage : null;

    /// <summary>The ids of the chunks that have a question's words, best first by BM25; of equal ones the smaller first.</summary>
    public List<long> SearchText(QuestionWords question, int count)
    {
        IEnumerable<string> words = question.Words.Count <= MaxWords
            ? question.Words.Select(word => word.Written)
            : question.Words.OrderByDescending(word => word.Terms.Max(Rarity)).Take(MaxWords).Select(word => word.Written);
        string query = string.Join(" OR ", words.Select(word => $"\"{word}\""));
        if (query.Length == 0)
            return [];
        return connection.Rows(
            row => row.GetInt64(0),
            $"SELECT rowid FROM words WHERE words MATCH $query ORDER BY bm25(words, {s_weights}), rowid LIMIT $count",
            ("$query", query), ("$count", (long)count));
    }

    /// <summary>See <see cref="DocumentIndex.Cover"/>.</summary>
    public double[] Cover(QuestionWords question, IReadOnlyList<string> texts)
    {
        Dictionary<string, double> weights = question.Terms.ToDictionary(term => term, Rarity, StringComparer.Ordinal);
        double all = weights.Values.Sum();
        return Array.ConvertAll(tokenizer.Terms(texts), terms => all > 0 ? Math.Min(1, terms.Distinct().Sum(weights.GetValueOrDefault) / all) : 0);
    }

    /// <summary>A question's words.</summary>
    public QuestionWords WordsOf(string question) => QuestionWords.Of(question, tokenizer);

    /// <summary>A term's inverse document frequency, as BM25 has it; greatest where no chunk has the term.</summary>
    internal double Rarity(string term)
    {
        int chunks = DocumentFrequency(term);
        return Math.Log(1 + (state.Chunks - chunks + 0.5) / (chunks + 0.5));
    }

    private int DocumentFrequency(string term)
    {
        if (state.DocumentFrequencies.TryGetValue(term, out int known))
            return known;
        int count = (int)(connection.Scalar("SELECT doc FROM vocabulary WHERE term = $term", ("$term", term)) as long? ?? 0);
        // Words that nobody wrote are not kept: there is no end to them.
        if (count > 0)
            state.DocumentFrequencies[term] = count;
        return count;
    }

    private static Passage ReadPassage(SqliteDataReader row) => new(
        row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt32(4), row.GetInt32(5), row.GetString(6), row.GetInt32(7));
}
