using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace LlamaEngine.Rag;

/// <summary>What SQLite's full-text index takes for words: folded and stemmed terms. Thread-safe.</summary>
/// <remarks>
/// A private table in memory, with the index's own tokenizer, says it, so that there are not two that could differ. White space always
/// separates words, so the terms of what stands between are kept: most texts are made of pieces that were seen before.
/// </remarks>
internal sealed class FullTextTokenizer : IDisposable
{
    private const int MaxKept = 65_536, MaxKeptLength = 64;
    private readonly SqliteConnection _connection;
    private readonly Lock _asking = new();
    private readonly ConcurrentDictionary<string, string[]> _kept = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string[]>.AlternateLookup<ReadOnlySpan<char>> _keptByText;

    public FullTextTokenizer()
    {
        _keptByText = _kept.GetAlternateLookup<ReadOnlySpan<char>>();
        _connection = new SqliteConnection("Data Source=:memory:;Pooling=False");
        _connection.Open();
        _connection.Execute(
            $"CREATE VIRTUAL TABLE pieces USING fts5(text, content = '', tokenize = '{IndexSchema.Tokenizer}'); CREATE VIRTUAL TABLE terms USING fts5vocab(pieces, instance);");
    }

    /// <summary>The terms of a text, in order.</summary>
    public List<string> Terms(string text) => Terms([text])[0];

    /// <summary>The terms of each text, in order.</summary>
    public List<string>[] Terms(IReadOnlyList<string> texts)
    {
        Dictionary<string, string[]> asked = new(StringComparer.Ordinal);
        var askedByText = asked.GetAlternateLookup<ReadOnlySpan<char>>();
        var pieces = new List<string[]?>[texts.Count];
        // First what is kept; what is missing is asked for in one go.
        List<(int Text, int Piece, string Content)> missing = [];
        for (int text = 0; text < texts.Count; text++)
        {
            pieces[text] = [];
            foreach (Range range in PiecesOf(texts[text]))
            {
                ReadOnlySpan<char> piece = texts[text].AsSpan(range);
                bool known = _keptByText.TryGetValue(piece, out string[]? terms);
                pieces[text].Add(terms);
                if (known)
                    continue;
                if (!askedByText.TryGetValue(piece, out _))
                    asked[piece.ToString()] = [];
                missing.Add((text, pieces[text].Count - 1, askedByText.TryGetValue(piece, out string? key, out _) ? key : ""));
            }
        }
        if (missing.Count > 0)
            Ask(asked);
        foreach ((int text, int piece, string content) in missing)
            pieces[text][piece] = asked[content];
        return Array.ConvertAll(pieces, text => text.SelectMany(terms => terms!).ToList());
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_asking)
            _connection.Dispose();
    }

    /// <summary>What stands between white space.</summary>
    private static List<Range> PiecesOf(string text)
    {
        List<Range> pieces = [];
        int start = -1;
        for (int i = 0; i <= text.Length; i++)
        {
            bool space = i == text.Length || char.IsWhiteSpace(text[i]);
            if (space && start >= 0)
            {
                pieces.Add(start..i);
                start = -1;
            }
            else if (!space && start < 0)
            {
                start = i;
            }
        }
        return pieces;
    }

    /// <summary>Fills in the terms of some pieces, and keeps them.</summary>
    private void Ask(Dictionary<string, string[]> pieces)
    {
        string[] all = [.. pieces.Keys];
        List<string>[] terms = Array.ConvertAll(all, _ => new List<string>(1));
        lock (_asking)
        {
            // Undone at the end: the table stays empty.
            using SqliteTransaction transaction = _connection.BeginTransaction();
            using SqliteCommand insert = _connection.Command("INSERT INTO pieces(rowid, text) VALUES ($row, $text)", ("$row", 0L), ("$text", ""));
            for (int i = 0; i < all.Length; i++)
            {
                insert.Parameters[0].Value = (long)i;
                insert.Parameters[1].Value = all[i];
                insert.ExecuteNonQuery();
            }
            using SqliteCommand select = _connection.Command("SELECT doc, term FROM terms ORDER BY doc, offset");
            using SqliteDataReader rows = select.ExecuteReader();
            while (rows.Read())
                terms[rows.GetInt64(0)].Add(rows.GetString(1));
        }
        if (_kept.Count > MaxKept)
            _kept.Clear();
        for (int i = 0; i < all.Length; i++)
        {
            pieces[all[i]] = [.. terms[i]];
            if (all[i].Length <= MaxKeptLength)
                _kept[all[i]] = pieces[all[i]];
        }
    }
}
