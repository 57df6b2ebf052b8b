using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag.Tests.Storage;

/// <summary>Documents and vectors for tests.</summary>
internal static class Samples
{
    /// <summary>A document of some chunks under one heading.</summary>
    public static ChunkedDocument Document(string title, params string[] chunks)
    {
        List<Chunk> all = [];
        int start = 0;
        foreach (string text in chunks)
        {
            all.Add(new Chunk(text, $"About {title}", all.Count + 1, start, text.Split(' ').Length));
            start += text.Length + 2;
        }
        return new ChunkedDocument(title, string.Join("\n\n", chunks), all);
    }

    /// <summary>Random vectors, the same for the same seed.</summary>
    public static Embedding<float>[] Vectors(int count, int dimensions, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => new Embedding<float>(Vector(random, dimensions)))];
    }

    /// <summary>One vector, with a common part in each: as language models' are.</summary>
    public static float[] Vector(Random random, int dimensions) => [.. Enumerable.Range(0, dimensions).Select(i => (float)(random.NextDouble() - 0.5 + (i % 3 == 0 ? 2 : 0)))];

    /// <summary>Puts a document in with random vectors of eight numbers.</summary>
    public static void Put(this DocumentIndex index, string path, ChunkedDocument document, int seed = 1) =>
        index.Replace(path, $"hash-{seed}", document, Vectors(document.Chunks.Count, 8, seed));

    /// <summary>The texts that the full text finds.</summary>
    public static List<string> FindTexts(this DocumentIndex index, string question, int count = 1000) =>
        index.Read(view => view.SearchText(view.WordsOf(question), count).ConvertAll(id => view.Find(id)!.Text));
}

/// <summary>Gives each text the vector that is named for it, or one that its characters decide.</summary>
internal sealed class FixedEmbedder(int dimensions, Dictionary<string, float[]>? named = null) : IEmbeddingGenerator<string, Embedding<float>>
{
    /// <summary>How often it was asked.</summary>
    public int Calls { get; private set; }

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        Calls++;
        return Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(values.Select(text => new Embedding<float>(
            named is not null && named.TryGetValue(text, out float[]? vector) ? vector : Samples.Vector(new Random(text.Length * 31 + text[0]), dimensions)))));
    }

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
