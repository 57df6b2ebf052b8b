using LlamaEngine.Formats;
using LlamaEngine.Tests.Models;

namespace LlamaEngine.Tests.Engine;

/// <summary>
/// Embeddings against golden logits: a hidden state times the output matrix must be the reference's logits. What is pooled is
/// checked by pooling, in the test, the hidden states that last-token pooling gives of every prefix.
/// </summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class EmbeddingTests
{
    private const double Bound = 5e-5;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gqa-tied", "model.gguf")]
    [InlineData("bias", "")]
    public async Task The_hidden_state_of_the_last_token_times_the_head_is_the_golden_logits(string name, string file)
    {
        string folder = SharedData.Own("models", name), model = Path.Combine(folder, file);
        GoldenLogits golden = GoldenLogits.Load(Path.Combine(folder, "tokens.json"), Path.Combine(folder, "logits.bin"));
        float[] actual = new float[golden.Count];
        await using var engine = TestEngine.Create(model);
        int row = 0, vocabulary = engine.Model.Configuration.VocabularySize;
        foreach (int[] sequence in golden.Sequences)
        {
            for (int length = 1; length <= sequence.Length; length++, row++)
            {
                PromptEmbedding embedding = await engine.EmbedAsync(sequence[..length], cancellationToken: Token);
                Head.Multiply(model, embedding.Vector.Span, actual.AsSpan(row * vocabulary, vocabulary));
            }
        }
        Assert.InRange(golden.MaxError(actual), 0, Bound);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(512)]
    public async Task Pooling_is_the_mean_the_first_or_the_last_whatever_the_chunks(int batchTokens)
    {
        await using var engine = TestEngine.Create(new EngineOptions { ModelPath = SharedData.Own("models", "gqa-tied", "model.gguf"), MaxBatchTokens = batchTokens });
        int[] tokens = [5, 9, 2, 7, 7, 1, 30, 4, 11, 3, 8, 6, 2, 19, 23, 1, 1, 2, 3, 40];
        var rows = new List<float[]>();
        for (int length = 1; length <= tokens.Length; length++)
            rows.Add(await Embed(engine, tokens[..length], EmbeddingPooling.LastToken));
        Assert.Equal(rows[^1], await Embed(engine, tokens, EmbeddingPooling.LastToken));
        Assert.Equal(rows[0], await Embed(engine, tokens, EmbeddingPooling.Cls));
        float[] mean = await Embed(engine, tokens, EmbeddingPooling.Mean);
        for (int i = 0; i < mean.Length; i++)
            Assert.Equal(rows.Average(row => (double)row[i]), mean[i], 1e-6);
    }

    [Fact]
    public async Task A_normalized_vector_has_length_one_and_the_same_direction()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        float[] plain = await Embed(engine, "A camera.", EmbeddingPooling.Mean), unit = await Embed(engine, "A camera.", EmbeddingPooling.Mean, normalize: true);
        double length = Math.Sqrt(plain.Sum(value => (double)value * value));
        Assert.Equal(1, Math.Sqrt(unit.Sum(value => (double)value * value)), 1e-6);
        for (int i = 0; i < plain.Length; i++)
            Assert.Equal(plain[i] / length, unit[i], 1e-6);
    }

    [Fact]
    public async Task Embeddings_and_completions_share_steps_and_do_not_touch_each_other()
    {
        await using var engine = TestEngine.Create(new EngineOptions { ModelPath = Lexicon.StandIn, MaxBatchTokens = 32, KvCacheTokens = 512 });
        var options = new GenerationOptions { MaxTokens = 30, IgnoreEndTokens = true, Temperature = 0 };
        string[] texts = [.. Enumerable.Range(0, 30).Select(i => string.Join(' ', Enumerable.Range(i, i % 11 + 1).Select(n => $"word{n}")))];
        var alone = new List<(float[] Vector, Completion Completion)>();
        foreach (string text in texts)
            alone.Add((await Embed(engine, text, EmbeddingPooling.Mean), await engine.CompleteAsync(text, options, Token)));
        Task<float[]>[] vectors = [.. texts.Select(text => Embed(engine, text, EmbeddingPooling.Mean))];
        Task<Completion>[] completions = [.. texts.Select(text => engine.CompleteAsync(text, options, Token))];
        Task<float[]>[] more = [.. texts.Select(text => Embed(engine, text, EmbeddingPooling.Mean))];
        for (int i = 0; i < texts.Length; i++)
        {
            Assert.Equal(alone[i].Vector, await vectors[i]);
            Assert.Equal(alone[i].Vector, await more[i]);
            Assert.Equal(alone[i].Completion.Tokens, (await completions[i]).Tokens);
        }
    }

    [Fact]
    public async Task Bad_requests_are_refused()
    {
        await using var engine = TestEngine.Create(Lexicon.StandIn);
        await Assert.ThrowsAsync<ArgumentException>(() => engine.EmbedAsync(Array.Empty<int>(), cancellationToken: Token));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => engine.EmbedAsync("a", new EmbeddingOptions { Pooling = (EmbeddingPooling)9 }, Token));
        await Assert.ThrowsAsync<ContextLengthExceededException>(() => engine.EmbedAsync(new int[513], cancellationToken: Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.EmbedAsync("a", cancellationToken: new CancellationToken(true)));
    }

    private static async Task<float[]> Embed(InferenceEngine engine, Prompt prompt, EmbeddingPooling pooling, bool normalize = false) =>
        (await engine.EmbedAsync(prompt, new EmbeddingOptions { Pooling = pooling, Normalize = normalize }, Token)).Vector.ToArray();

    /// <summary>The output matrix, read from the file and multiplied in double precision.</summary>
    private static unsafe class Head
    {
        public static void Multiply(string model, ReadOnlySpan<float> hidden, Span<float> logits)
        {
            using ModelFile file = ModelFile.Open(model);
            Assert.True(file.TryGetTensor(file.Configuration.TiedEmbeddings ? "token_embd.weight" : "output.weight", out TensorData head));
            Assert.Equal(TensorType.F32, head.Type);
            for (int token = 0; token < logits.Length; token++)
            {
                double sum = 0;
                float* row = (float*)(head.Data + token * head.RowBytes);
                for (int i = 0; i < hidden.Length; i++)
                    sum += (double)row[i] * hidden[i];
                logits[token] = (float)sum;
            }
        }
    }
}
