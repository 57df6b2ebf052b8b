using Microsoft.Data.Sqlite;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>Changes the tables of an index, within a transaction. Rows of the full-text index go with the words that they were made of.</summary>
internal static class DocumentWriter
{
    /// <summary>Takes a document out; gives the ids of its chunks, ascending; null: there is none.</summary>
    public static List<long>? Remove(SqliteConnection connection, string path)
    {
        if (connection.Scalar("SELECT id FROM documents WHERE path = $path", ("$path", path)) is not long document)
            return null;
        List<long> chunks = connection.Rows(row => row.GetInt64(0), "SELECT id FROM chunks WHERE document = $document ORDER BY id", ("$document", document));
        connection.Execute(
            "INSERT INTO words(words, rowid, title, heading, text) SELECT 'delete', id, title, heading, text FROM passages WHERE document = $document",
            ("$document", document));
        connection.Execute("DELETE FROM documents WHERE id = $document", ("$document", document));
        return chunks;
    }

    /// <summary>Puts a document in; gives the ids of its chunks, ascending and greater than any there ever was.</summary>
    public static List<long> Add(SqliteConnection connection, string path, string hash, ChunkedDocument document, IReadOnlyList<float[]> vectors)
    {
        long id = (long)connection.Scalar(
            "INSERT INTO documents(path, title, hash, text) VALUES ($path, $title, $hash, $text) RETURNING id",
            ("$path", path), ("$title", document.Title), ("$hash", hash), ("$text", document.Text))!;
        List<long> chunks = new(vectors.Count);
        using SqliteCommand insert = connection.Command(
            "INSERT INTO chunks(document, ordinal, heading, line, start, tokens, text) VALUES ($document, $ordinal, $heading, $line, $start, $tokens, $text) RETURNING id",
            ("$document", id), ("$ordinal", 0L), ("$heading", ""), ("$line", 0L), ("$start", 0L), ("$tokens", 0L), ("$text", ""));
        using SqliteCommand keep = connection.Command("INSERT INTO vectors(chunk, vector) VALUES ($chunk, $vector)", ("$chunk", 0L), ("$vector", Array.Empty<byte>()));
        for (int i = 0; i < vectors.Count; i++)
        {
            Chunk chunk = document.Chunks[i];
            Set(insert, 1, (long)i, chunk.Heading, (long)chunk.Line, (long)chunk.Start, (long)chunk.Tokens, chunk.Text);
            chunks.Add((long)insert.ExecuteScalar()!);
            Set(keep, 0, chunks[^1], Vectors.ToBytes(vectors[i]));
            keep.ExecuteNonQuery();
        }
        connection.Execute(
            "INSERT INTO words(rowid, title, heading, text) SELECT id, title, heading, text FROM passages WHERE document = $document ORDER BY id", ("$document", id));
        return chunks;
    }

    /// <summary>The vectors of a document's chunks, of length 1.</summary>
    /// <exception cref="ArgumentException">They are not one for each chunk, or not all as long as the index's.</exception>
    public static float[][] Check(ChunkedDocument document, IReadOnlyList<Embedding<float>> vectors)
    {
        if (vectors.Count != document.Chunks.Count)
            throw new ArgumentException($"There have to be as many vectors as chunks: {document.Chunks.Count}, not {vectors.Count}.", nameof(vectors));
        float[][] units = [.. vectors.Select(vector => Vectors.Unit(vector.Vector.Span, nameof(vectors)))];
        if (units.Any(unit => unit.Length == 0 || unit.Length != units[0].Length))
            throw new ArgumentException("All vectors have to be of the same length, and not empty.", nameof(vectors));
        return units;
    }

    private static void Set(SqliteCommand command, int first, params ReadOnlySpan<object> values)
    {
        for (int i = 0; i < values.Length; i++)
            command.Parameters[first + i].Value = values[i];
    }
}
