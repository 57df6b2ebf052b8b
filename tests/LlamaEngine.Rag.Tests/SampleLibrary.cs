using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag.Tests;

/// <summary>An engine, and an index of the sample's documents that it made.</summary>
internal sealed class SampleLibrary : IAsyncDisposable
{
    private SampleLibrary(InferenceEngine engine, DocumentIndex index, IEmbeddingGenerator<string, Embedding<float>> embedder) =>
        (Engine, Index, Retriever) = (engine, index, new Retriever(index, embedder));

    public InferenceEngine Engine { get; }

    public DocumentIndex Index { get; }

    public Retriever Retriever { get; }

    /// <summary>The sample's folder.</summary>
    public static string Folder => Path.Combine(SharedData.Repository, "samples", "RagChatbot", "documents");

    /// <summary>Reads the folder with a model; the demo model if none is named.</summary>
    public static async Task<SampleLibrary> OpenAsync(EngineOptions? options = null, string? folder = null)
    {
        InferenceEngine engine = InferenceEngine.Create(options ?? new EngineOptions());
        WordEmbeddingGenerator embedder = new(engine.AsEmbeddingGenerator());
        DocumentIndex index = DocumentIndex.Open(null, "test");
        IngestionOptions reading = new() { Chunks = ChunkOptions.ForContext(engine.Model.ContextLength) };
        FolderIngestion ingestion = new(index, embedder, text => engine.Tokenizer.Encode(text).Length, reading);
        IngestionReport report = await ingestion.RunAsync(folder ?? Folder, null, TestContext.Current.CancellationToken);
        Assert.Empty(report.Failed);
        return new SampleLibrary(engine, index, embedder);
    }

    public async ValueTask DisposeAsync()
    {
        Index.Dispose();
        await Engine.DisposeAsync();
    }
}
