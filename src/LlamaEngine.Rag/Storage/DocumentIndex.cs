using Microsoft.Data.Sqlite;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>A document in the index.</summary>
/// <param name="Path">Its path below the folder, with '/' between names.</param>
/// <param name="Title">What it is called.</param>
/// <param name="ContentHash">SHA-256 of the file, in lower-case hexadecimal digits.</param>
/// <param name="Chunks">Into how many pieces it was cut.</param>
public sealed record IndexedDocument(string Path, string Title, string ContentHash, int Chunks);

/// <summary>Documents, their chunks, the full-text index and the vectors, in one SQLite database.</summary>
/// <remarks>
/// Thread-safe: readers do not wait for a writer, and each sees the index as it was at one moment. (In memory there is one connection only, so
/// that there they do wait.) Owns its connections until disposed. All vectors are also held in memory: 4 bytes a number.
/// </remarks>
public sealed class DocumentIndex : IDisposable
{
    // Readers of a generation that is not the newest any more find it here as well; who comes later still reads it from the database.
    private const int KeptStates = 4;
    private readonly SqliteConnections _connections;
    private readonly FullTextTokenizer _tokenizer;
    private readonly Lock _publishing = new();
    private volatile IndexState[] _states = [];

    private DocumentIndex(SqliteConnections connections, string? path, string fingerprint)
    {
        _connections = connections;
        connections.Write(connection =>
        {
            IndexSchema.Prepare(connection, path, fingerprint);
            return true;
        });
        connections.Read(IndexState (connection) => StateOf(connection));
        _tokenizer = new FullTextTokenizer();
    }

    /// <summary>Opens a database, making it where there is none.</summary>
    /// <param name="path">The file; null: in memory, gone when this is disposed.</param>
    /// <param name="fingerprint">
    /// What made the vectors and the chunks: the embedding model and the chunks' options. A database that was made with another is emptied, so that
    /// everything is read again.
    /// </param>
    /// <exception cref="IndexFormatException">The file is no SQLite database, is damaged, belongs to another program or to another version.</exception>
    /// <exception cref="IOException">The file cannot be opened or made.</exception>
    public static DocumentIndex Open(string? path, string fingerprint)
    {
        ArgumentNullException.ThrowIfNull(fingerprint);
        string? file = path is null ? null : Path.GetFullPath(path);
        if (Path.GetDirectoryName(file) is { } folder)
            Directory.CreateDirectory(folder);
        SqliteConnections connections = new(file);
        try
        {
            return new DocumentIndex(connections, file, fingerprint);
        }
        catch
        {
            connections.Dispose();
            throw;
        }
    }

    /// <summary>The documents, by path.</summary>
    public IReadOnlyList<IndexedDocument> Documents => Read(view => view.Documents());

    /// <summary>How many chunks there are.</summary>
    public int ChunkCount => Read(view => view.Chunks);

    /// <summary>Puts a document in place of the one of that path, in one transaction.</summary>
    /// <param name="vectors">One for each chunk, all of the same length; they are normalized here.</param>
    /// <exception cref="ArgumentException">The vectors are not one for each chunk, not finite, or not as long as the index's.</exception>
    public void Replace(string path, string contentHash, ChunkedDocument document, IReadOnlyList<Embedding<float>> vectors)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(contentHash);
        ArgumentNullException.ThrowIfNull(document);
        ArgumentNullException.ThrowIfNull(vectors);
        float[][] units = DocumentWriter.Check(document, vectors);
        Change(path, (connection, state, removed) =>
        {
            int length = units.Length > 0 && removed.Count < state.Vectors.Count ? state.Vectors.Dimensions : 0;
            if (length > 0 && units[0].Length != length)
                throw new ArgumentException($"The vectors have {units[0].Length} numbers, those of the index {length}.", nameof(vectors));
            return DocumentWriter.Add(connection, path, contentHash, document, units);
        }, units);
    }

    /// <summary>Takes a document out; false: there was none.</summary>
    public bool Remove(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Change(path, add: null, []);
    }

    /// <summary>A document's text; null: there is none of that path.</summary>
    public string? ReadText(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Read(view => view.ReadText(path));
    }

    /// <summary>A passage; null: it is gone.</summary>
    public Passage? Find(long id) => Read(view => view.Find(id));

    /// <summary>Which share of a question's words, weighed by how rare they are in the index (inverse document frequency), each text has: 0 … 1.</summary>
    /// <remarks>
    /// Words are what the full-text index takes for them: folded and stemmed. Function words ("what", "the") do not count, unless the question has
    /// no others. A word that the index does not have at all counts most. A question without any word: 0 for each text.
    /// </remarks>
    internal double[] Cover(string question, IReadOnlyList<string> texts) => Read(view => view.Cover(view.WordsOf(question), texts));

    /// <summary>Reads the index as it is at this moment. The view must not be used afterwards.</summary>
    internal T Read<T>(Func<IndexView, T> read) =>
        _connections.Read(connection => read(new IndexView(connection, StateOf(connection), _tokenizer)));

    /// <inheritdoc/>
    public void Dispose()
    {
        _connections.Dispose();
        _tokenizer.Dispose();
    }

    /// <summary>Removes what stands under a path and adds what comes in its place; false: there was nothing to change.</summary>
    private bool Change(string path, Func<SqliteConnection, IndexState, List<long>, List<long>>? add, float[][] vectors)
    {
        IndexState? next = null;
        try
        {
            return _connections.Write(connection =>
            {
                IndexState state = StateOf(connection);
                List<long>? removed = DocumentWriter.Remove(connection, path);
                if (removed is null && add is null)
                    return false;
                List<long> added = add?.Invoke(connection, state, removed ?? []) ?? [];
                VectorTable table = state.Vectors.With(removed ?? [], [.. added.Zip(vectors)]);
                next = new IndexState(IndexSchema.Advance(connection), state.Chunks - (removed?.Count ?? 0) + added.Count, table);
                // Before the commit: a reader that meets the new generation finds it, and nobody meets it earlier.
                Publish(next);
                return true;
            });
        }
        catch when (next is not null)
        {
            Withdraw(next);
            throw;
        }
    }

    /// <summary>What is kept in memory for the generation that a transaction sees.</summary>
    private IndexState StateOf(SqliteConnection connection)
    {
        long generation = IndexSchema.Generation(connection);
        foreach (IndexState state in _states)
        {
            if (state.Generation == generation)
                return state;
        }
        // Another process has written, or this reader is late.
        IndexState loaded = IndexState.Load(connection);
        Publish(loaded);
        return loaded;
    }

    private void Publish(IndexState state)
    {
        lock (_publishing)
            _states = [.. _states.Where(other => other.Generation != state.Generation).Append(state).OrderByDescending(one => one.Generation).Take(KeptStates)];
    }

    private void Withdraw(IndexState state)
    {
        lock (_publishing)
            _states = [.. _states.Where(other => other != state)];
    }
}
