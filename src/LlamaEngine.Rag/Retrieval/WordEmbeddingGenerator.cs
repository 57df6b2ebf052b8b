using System.Collections.Concurrent;
using System.Numerics.Tensors;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag;

/// <summary>Vectors of texts as sums of their words' vectors, for language models that were never trained to embed whole texts.</summary>
/// <remarks>
/// The hidden states of a small model say little about what a passage is about, but much about each word. A word is shown to the model twice
/// ("lamp, lamp"), so that the second has seen the first (Springer et al., "Repetition improves language model embeddings", 2024); with the pooling
/// <see cref="EmbeddingPooling.LastToken"/> the second is what counts. Function words are left out. Each word is computed once and kept, so that a
/// folder takes no longer than its vocabulary. Thread-safe; the generator behind it stays the caller's.
/// </remarks>
/// <param name="words">What gives a word its vector, such as <c>engine.AsEmbeddingGenerator()</c>.</param>
public sealed class WordEmbeddingGenerator(IEmbeddingGenerator<string, Embedding<float>> words) : IEmbeddingGenerator<string, Embedding<float>>
{
    // Vectors of 256 numbers: 20 MB. A run of letters longer than any word is cut, so that it fits into every context.
    private const int MaxKept = 20_000, MaxLetters = 32, Batch = 256;
    private readonly ConcurrentDictionary<string, float[]> _kept = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">There are options: what the words' generator needs is said to that one.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (options is not null)
            throw new NotSupportedException("WordEmbeddingGenerator takes no options, because vectors of words are kept; make the generator behind it with them.");
        List<string>[] texts = [.. values.Select(WordsOf)];
        Dictionary<string, float[]> vectors = await VectorsOfAsync(texts, cancellationToken).ConfigureAwait(false);
        return new(texts.Select(text => new Embedding<float>(Sum(text.ConvertAll(word => vectors[word])))));
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType.IsInstanceOfType(this) ? this : words.GetService(serviceType, serviceKey);
    }

    /// <summary>Nothing is owned.</summary>
    public void Dispose()
    {
    }

    private static List<string> WordsOf(string text)
    {
        List<string> all = QuestionWords.Split(text.ToLowerInvariant()).ConvertAll(word => word.Length > MaxLetters ? Cut(word) : word);
        List<string> content = all.FindAll(word => !FunctionWords.Contains(word));
        // Something has to stand for a text without words.
        return content.Count > 0 ? content : all.Count > 0 ? all : ["nothing"];
    }

    // Not between the halves of a character.
    private static string Cut(string word) => word[..(char.IsHighSurrogate(word[MaxLetters - 1]) ? MaxLetters - 1 : MaxLetters)];

    private static float[] Sum(List<float[]> vectors)
    {
        float[] sum = new float[vectors[0].Length];
        foreach (float[] vector in vectors)
            TensorPrimitives.Add(sum, vector, sum);
        Vectors.Normalize(sum);
        return sum;
    }

    private async Task<Dictionary<string, float[]>> VectorsOfAsync(List<string>[] texts, CancellationToken cancellationToken)
    {
        Dictionary<string, float[]> vectors = new(StringComparer.Ordinal);
        List<string> missing = [];
        foreach (string word in texts.SelectMany(text => text).Distinct(StringComparer.Ordinal))
        {
            if (_kept.TryGetValue(word, out float[]? kept))
                vectors[word] = kept;
            else
                missing.Add(word);
        }
        foreach (string[] batch in missing.Chunk(Batch))
        {
            GeneratedEmbeddings<Embedding<float>> computed =
                await words.GenerateAsync(batch.Select(word => $"{word}, {word}"), null, cancellationToken).ConfigureAwait(false);
            if (_kept.Count + batch.Length > MaxKept)
                _kept.Clear();
            for (int i = 0; i < batch.Length; i++)
                _kept[batch[i]] = vectors[batch[i]] = Vectors.Unit(computed[i].Vector.Span, nameof(words));
        }
        return vectors;
    }
}
