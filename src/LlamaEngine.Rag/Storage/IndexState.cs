using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace LlamaEngine.Rag;

/// <summary>What is kept in memory of an index at one generation: its vectors, and what was asked about words.</summary>
internal sealed class IndexState(long generation, int chunks, VectorTable vectors)
{
    /// <summary>The generation it belongs to.</summary>
    public long Generation => generation;

    /// <summary>How many chunks there are.</summary>
    public int Chunks => chunks;

    /// <summary>Their vectors.</summary>
    public VectorTable Vectors => vectors;

    /// <summary>In how many chunks a term stands, as far as somebody asked. Bounded by the vocabulary of the questions between two changes.</summary>
    public ConcurrentDictionary<string, int> DocumentFrequencies { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads it from the database.</summary>
    /// <exception cref="IndexFormatException">The vectors are not all of one length.</exception>
    public static IndexState Load(SqliteConnection connection)
    {
        List<(long Id, float[] Vector)> vectors = connection.Rows(
            row => (row.GetInt64(0), Rag.Vectors.FromBytes(row.GetFieldValue<byte[]>(1))), "SELECT chunk, vector FROM vectors ORDER BY chunk");
        int chunks = (int)(long)connection.Scalar("SELECT count(*) FROM chunks")!;
        if (vectors.Count != chunks || vectors.Any(one => one.Vector.Length != vectors[0].Vector.Length))
        {
            throw new IndexFormatException(
                $"'{connection.DataSource}' is damaged: it has to hold one vector for each chunk, all of the same length. Delete it, so that the documents are read again.");
        }
        return new IndexState(IndexSchema.Generation(connection), chunks, VectorTable.Empty.With([], vectors));
    }
}
