using LlamaEngine.Rag.Tests.Storage;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag.Tests.Retrieval;

public class WordEmbeddingGeneratorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_text_is_the_sum_of_its_content_words()
    {
        FixedEmbedder inner = new(2, new() { ["lamp, lamp"] = [3, 0], ["oil, oil"] = [0, 0.5f], ["was, was"] = [0, -1], ["nothing, nothing"] = [-1, 0] });
        using WordEmbeddingGenerator generator = new(inner);
        GeneratedEmbeddings<Embedding<float>> vectors = await generator.GenerateAsync(["The LAMP: oil, and the lamp!", "Was it?", "?!", ""], null, Token);
        // Each word counts alike, however long its vector is: (2, 1) of length 1.
        AssertVector([2 / MathF.Sqrt(5), 1 / MathF.Sqrt(5)], vectors[0]);
        AssertVector([-1, 0], vectors[2]);
        AssertVector([-1, 0], vectors[3]);
        // Function words count only where there are no others.
        AssertVector(await SumAsync(inner, "was, was", "it, it"), vectors[1]);
    }

    [Fact]
    public async Task A_word_is_computed_once()
    {
        FixedEmbedder inner = new(4);
        using WordEmbeddingGenerator generator = new(inner);
        await generator.GenerateAsync(["harbour lamp", "lamp oil"], null, Token);
        Assert.Equal(1, inner.Calls);
        GeneratedEmbeddings<Embedding<float>> again = await generator.GenerateAsync(["oil harbour"], null, Token);
        Assert.Equal(1, inner.Calls);
        AssertVector(await SumAsync(inner, "oil, oil", "harbour, harbour"), again[0]);
    }

    [Fact]
    public async Task More_words_than_are_kept_and_endless_words_are_right()
    {
        FixedEmbedder inner = new(3, new() { [new string('x', 32) + ", " + new string('x', 32)] = [0, 0, 7] });
        using WordEmbeddingGenerator generator = new(inner);
        string[] texts = [.. Enumerable.Range(0, 30).Select(i => string.Join(' ', Enumerable.Range(0, 800).Select(j => $"w{i * 800 + j}"))), new string('x', 5000)];
        GeneratedEmbeddings<Embedding<float>> vectors = await generator.GenerateAsync(texts, null, Token);
        Assert.Equal(31, vectors.Count);
        AssertVector([0, 0, 1], vectors[30]);
        AssertVector(await SumAsync(inner, [.. Enumerable.Range(0, 800).Select(j => $"w{j}, w{j}")]), vectors[0]);
    }

    [Fact]
    public async Task Refuses_options() => await Assert.ThrowsAsync<NotSupportedException>(
        () => new WordEmbeddingGenerator(new FixedEmbedder(2)).GenerateAsync(["lamp"], new EmbeddingGenerationOptions(), Token));

    private static async Task<float[]> SumAsync(FixedEmbedder inner, params string[] words)
    {
        GeneratedEmbeddings<Embedding<float>> vectors = await inner.GenerateAsync(words, null, Token);
        double[] sum = [.. vectors[0].Vector.ToArray().Select((_, i) => vectors.Sum(one => one.Vector.Span[i] / Length(one.Vector.ToArray())))];
        double length = Math.Sqrt(sum.Sum(value => value * value));
        return [.. sum.Select(value => (float)(value / length))];

        static double Length(float[] vector) => Math.Sqrt(vector.Sum(value => (double)value * value));
    }

    private static void AssertVector(float[] expected, Embedding<float> actual)
    {
        Assert.Equal(expected.Length, actual.Vector.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual.Vector.Span[i], 1e-5f);
    }
}
