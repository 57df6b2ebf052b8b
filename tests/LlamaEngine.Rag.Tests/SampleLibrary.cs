using System.Security.Cryptography;
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
        var embedder = engine.AsEmbeddingGenerator(new EmbeddingOptions { Pooling = EmbeddingPooling.Mean });
        DocumentIndex index = DocumentIndex.Open(null, "test");
        ChunkOptions chunks = new() { MaxTokens = Math.Clamp(engine.Model.ContextLength / 5, 64, 200), OverlapTokens = 20 };
        foreach (string file in Directory.GetFiles(folder ?? Folder).Order(StringComparer.Ordinal))
        {
            await using FileStream content = File.OpenRead(file);
            ChunkedDocument document = Chunker.Split(DocumentReaders.Default.Read(content, file), chunks, text => engine.Tokenizer.Encode(text).Length);
            GeneratedEmbeddings<Embedding<float>> vectors = await embedder.GenerateAsync(document.Chunks.Select(chunk => $"{chunk.Heading}\n{chunk.Text}"));
            index.Replace(Path.GetFileName(file), Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))), document, [.. vectors]);
        }
        return new SampleLibrary(engine, index, embedder);
    }

    public async ValueTask DisposeAsync()
    {
        Index.Dispose();
        await Engine.DisposeAsync();
    }
}
