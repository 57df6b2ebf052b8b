using System.Reflection;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Clients;

/// <summary>Embeddings through the ecosystem's interface.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class EmbeddingGeneratorTests(LexiconEngine lexicon) : IClassFixture<LexiconEngine>
{
    private static readonly string[] s_texts = ["a small blue bird", "the red ball", "river"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(EmbeddingPooling.LastToken, false)]
    [InlineData(EmbeddingPooling.Mean, true)]
    [InlineData(EmbeddingPooling.Cls, false)]
    public async Task Embeddings_are_the_engines_in_order(EmbeddingPooling pooling, bool normalize)
    {
        var options = new EmbeddingOptions { Pooling = pooling, Normalize = normalize };
        using IEmbeddingGenerator<string, Embedding<float>> generator = lexicon.Engine.AsEmbeddingGenerator(options);
        GeneratedEmbeddings<Embedding<float>> embeddings = await generator.GenerateAsync(s_texts, null, Token);
        long tokens = 0;
        Assert.Equal(s_texts.Length, embeddings.Count);
        for (int i = 0; i < s_texts.Length; i++)
        {
            PromptEmbedding expected = await lexicon.Engine.EmbedAsync(s_texts[i], options, Token);
            Assert.Equal(expected.Vector.ToArray(), embeddings[i].Vector.ToArray());
            Assert.Equal((lexicon.Engine.Model.Name, lexicon.Engine.Model.Configuration.HiddenSize), (embeddings[i].ModelId, embeddings[i].Dimensions));
            tokens += expected.Usage.PromptTokens;
        }
        Assert.Equal((tokens, 0, tokens), (embeddings.Usage!.InputTokenCount, embeddings.Usage.OutputTokenCount, embeddings.Usage.TotalTokenCount));
    }

    [Fact]
    public async Task A_call_may_say_how()
    {
        using IEmbeddingGenerator<string, Embedding<float>> generator = lexicon.Engine.AsEmbeddingGenerator();
        var keys = new EmbeddingGenerationOptions
        {
            Dimensions = lexicon.Engine.Model.Configuration.HiddenSize,
            ModelId = lexicon.Engine.Model.Name,
            AdditionalProperties = new() { ["pooling"] = "mean", ["normalize"] = true, ["priority"] = 1, ["timeout"] = 60 },
        };
        var raw = new EmbeddingGenerationOptions { RawRepresentationFactory = _ => new EmbeddingOptions { Pooling = EmbeddingPooling.Mean, Normalize = true } };
        float[] expected = (await lexicon.Engine.EmbedAsync("river", new EmbeddingOptions { Pooling = EmbeddingPooling.Mean, Normalize = true }, Token)).Vector.ToArray();
        Assert.Equal(expected, (await generator.GenerateVectorAsync("river", keys, Token)).ToArray());
        Assert.Equal(expected, (await generator.GenerateVectorAsync("river", raw, Token)).ToArray());
        Assert.NotEqual(expected, (await generator.GenerateVectorAsync("river", null, Token)).ToArray());
    }

    [Fact]
    public async Task What_is_not_supported_is_refused_by_name()
    {
        using IEmbeddingGenerator<string, Embedding<float>> generator = lexicon.Engine.AsEmbeddingGenerator();
        var refused = new Dictionary<string, EmbeddingGenerationOptions>
        {
            [nameof(EmbeddingGenerationOptions.Dimensions)] = new() { Dimensions = 7 },
            [nameof(EmbeddingGenerationOptions.ModelId)] = new() { ModelId = "another" },
            [nameof(EmbeddingGenerationOptions.RawRepresentationFactory)] = new() { RawRepresentationFactory = _ => "text" },
            [nameof(EmbeddingGenerationOptions.AdditionalProperties)] = new() { AdditionalProperties = new() { ["pooling"] = "max" } },
        };
        Assert.Equal(
            typeof(EmbeddingGenerationOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(member => member.Name).Order(),
            refused.Keys.Order());
        foreach ((string name, EmbeddingGenerationOptions options) in refused)
        {
            var refusal = await Assert.ThrowsAsync<NotSupportedException>(() => generator.GenerateAsync(["river"], options, Token));
            Assert.Contains($"EmbeddingGenerationOptions.{name}", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task One_that_fails_fails_the_call_and_nothing_runs_on()
    {
        using IEmbeddingGenerator<string, Embedding<float>> generator = lexicon.Engine.AsEmbeddingGenerator();
        string tooLong = string.Join(' ', Enumerable.Repeat("river", 2_000));
        await Assert.ThrowsAsync<ContextLengthExceededException>(() => generator.GenerateAsync([.. s_texts, tooLong], null, Token));
        Assert.Empty(await generator.GenerateAsync([], null, Token));
        var cancelled = new CancellationToken(canceled: true);
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => generator.GenerateAsync(s_texts, null, cancelled));
        Assert.Equal(cancelled, error.CancellationToken);
        Assert.Equal(0, lexicon.Engine.Statistics.RunningSequences);
    }

    [Fact]
    public void Services_are_the_metadata_and_the_engine()
    {
        using IEmbeddingGenerator<string, Embedding<float>> generator = lexicon.Engine.AsEmbeddingGenerator();
        var metadata = generator.GetService<EmbeddingGeneratorMetadata>();
        Assert.Equal(
            ("llamaengine", lexicon.Engine.Model.Name, lexicon.Engine.Model.Configuration.HiddenSize),
            (metadata!.ProviderName, metadata.DefaultModelId, metadata.DefaultModelDimensions));
        Assert.Same(lexicon.Engine, generator.GetService<InferenceEngine>());
        Assert.Null(generator.GetService(typeof(InferenceEngine), "key"));
    }
}
