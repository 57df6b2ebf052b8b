using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>A document in the index.</summary>
/// <param name="Path">Its path below the folder, with '/' between names.</param>
/// <param name="Title">What it is called.</param>
/// <param name="ContentHash">SHA-256 of the file, in lower-case hexadecimal digits.</param>
/// <param name="Chunks">Into how many pieces it was cut.</param>
public sealed record IndexedDocument(string Path, string Title, string ContentHash, int Chunks);

/// <summary>Documents, their chunks, the full-text index and the vectors, in one SQLite database.</summary>
/// <remarks>Thread-safe: readers do not wait for a writer. Owns its connections until disposed.</remarks>
public sealed class DocumentIndex : IDisposable
{
    /// <summary>Opens a database, making it where there is none.</summary>
    /// <param name="path">The file; null: in memory, gone when this is disposed.</param>
    /// <param name="fingerprint">
    /// What made the vectors and the chunks: the embedding model and the chunks' options. A database that was made with another is emptied, so that
    /// everything is read again.
    /// </param>
    public static DocumentIndex Open(string? path, string fingerprint) => throw new NotImplementedException();

    /// <summary>The documents, by path.</summary>
    public IReadOnlyList<IndexedDocument> Documents => throw new NotImplementedException();

    /// <summary>How many chunks there are.</summary>
    public int ChunkCount => throw new NotImplementedException();

    /// <summary>Puts a document in place of the one of that path, in one transaction.</summary>
    /// <param name="vectors">One for each chunk, all of the same length; they are normalized here.</param>
    public void Replace(string path, string contentHash, ChunkedDocument document, IReadOnlyList<Embedding<float>> vectors) => throw new NotImplementedException();

    /// <summary>Takes a document out; false: there was none.</summary>
    public bool Remove(string path) => throw new NotImplementedException();

    /// <summary>A document's text; null: there is none of that path.</summary>
    public string? ReadText(string path) => throw new NotImplementedException();

    /// <summary>A passage; null: it is gone.</summary>
    public Passage? Find(long id) => throw new NotImplementedException();

    /// <summary>Which share of a question's words, weighed by how rare they are in the index (inverse document frequency), each text has: 0 … 1.</summary>
    /// <remarks>Words are what the full-text index takes for them: folded and stemmed. Function words ("what", "the") do not count.</remarks>
    internal double[] Cover(string question, IReadOnlyList<string> texts) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose() => throw new NotImplementedException();
}
