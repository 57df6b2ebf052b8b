using LlamaEngine.Diagnostics;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Clients;

/// <summary>An engine as <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/>. Thread-safe; does not own the engine.</summary>
internal sealed class LlamaEmbeddingGenerator(InferenceEngine engine, EmbeddingOptions defaults) : IEmbeddingGenerator<string, Embedding<float>>
{
    private readonly EmbeddingGeneratorMetadata _metadata = new(
        Telemetry.Provider, defaultModelId: engine.Model.Name, defaultModelDimensions: engine.Model.Configuration.HiddenSize);

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">An option asks for what is not supported.</exception>
    public async Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        EmbeddingOptions embedding = EmbeddingOptionsReader.Read(options, defaults, this, engine);
        PromptEmbedding[] all = await EmbedAllAsync([.. values], embedding, cancellationToken).ConfigureAwait(false);
        DateTimeOffset created = DateTimeOffset.UtcNow;
        string model = engine.Model.Name;
        return new(all.Select(one => new Embedding<float>(one.Vector) { CreatedAt = created, ModelId = model }))
        {
            Usage = ChatUpdates.UsageOf(new TokenUsage(all.Sum(one => one.Usage.PromptTokens), 0, all.Sum(one => one.Usage.CachedTokens))),
        };
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        if (serviceKey is not null)
            return null;
        if (serviceType.IsInstanceOfType(this))
            return this;
        return serviceType == typeof(EmbeddingGeneratorMetadata) ? _metadata : serviceType.IsInstanceOfType(engine) ? engine : null;
    }

    /// <summary>Nothing is owned.</summary>
    public void Dispose()
    {
    }

    /// <summary>Has all texts computed side by side; when one fails, the others end too.</summary>
    private async Task<PromptEmbedding[]> EmbedAllAsync(string[] texts, EmbeddingOptions options, CancellationToken cancellationToken)
    {
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            return await Task.WhenAll(Array.ConvertAll(texts, EmbedAsync)).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }

        async Task<PromptEmbedding> EmbedAsync(string text)
        {
            try
            {
                return await engine.EmbedAsync(text, options, all.Token).ConfigureAwait(false);
            }
            catch
            {
                await all.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }
    }
}
