using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>Finds passages for a question: by BM25, by the similarity of vectors, or both, their ranks fused.</summary>
/// <remarks>Thread-safe; owns neither index nor generator.</remarks>
/// <param name="index">The index that is searched.</param>
/// <param name="embedder">What made the index's vectors; not asked where the full text alone is searched.</param>
public sealed class Retriever(DocumentIndex index, IEmbeddingGenerator<string, Embedding<float>> embedder)
{
    private static readonly RetrievalOptions s_default = new();

    /// <summary>The index that is searched.</summary>
    public DocumentIndex Index => index;

    /// <summary>The passages for a query, best first; equally good ones in the order of their ids. None where nothing was found.</summary>
    /// <exception cref="ArgumentException">The query is empty, or its vector is not as long as the index's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task<IReadOnlyList<RetrievedPassage>> SearchAsync(
        string query, RetrievalOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(query);
        options ??= s_default;
        options.Validate();
        cancellationToken.ThrowIfCancellationRequested();
        float[]? vector = options.Mode == RetrievalMode.Text || index.ChunkCount == 0
            ? null
            : await EmbedAsync(query, cancellationToken).ConfigureAwait(false);
        return index.Read(view => new Search(view, query, options, cancellationToken).Run(vector));
    }

    private async Task<float[]> EmbedAsync(string query, CancellationToken cancellationToken)
    {
        GeneratedEmbeddings<Embedding<float>> embeddings = await embedder.GenerateAsync([query], null, cancellationToken).ConfigureAwait(false);
        if (embeddings.Count != 1)
            throw new InvalidOperationException($"The embedding generator gave {embeddings.Count} vectors for one text.");
        return Vectors.Unit(embeddings[0].Vector.Span, nameof(query));
    }
}
