using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>Finds passages for a question. Thread-safe; owns neither index nor generator.</summary>
public sealed class Retriever(DocumentIndex index, IEmbeddingGenerator<string, Embedding<float>> embedder)
{
    /// <summary>The index that is searched.</summary>
    public DocumentIndex Index => index;

    /// <summary>The passages for a query, best first.</summary>
    public Task<IReadOnlyList<RetrievedPassage>> SearchAsync(string query, RetrievalOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException($"{embedder}");
}
