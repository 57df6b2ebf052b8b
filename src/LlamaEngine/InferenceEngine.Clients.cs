using LlamaEngine.Clients;
using Microsoft.Extensions.AI;

namespace LlamaEngine;

// The engine behind the interfaces of Microsoft.Extensions.AI.
public sealed partial class InferenceEngine
{
    /// <summary>The engine as a chat client, for programs and middleware that know Microsoft.Extensions.AI only.</summary>
    /// <param name="conversations">How many conversations it keeps; null: the defaults.</param>
    /// <returns>A client that does not own the engine: disposing it ends its conversations, nothing else.</returns>
    /// <exception cref="InvalidOperationException">The model has no chat template.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public LlamaChatClient AsChatClient(ConversationOptions? conversations = null)
    {
        conversations ??= new ConversationOptions();
        conversations.Validate();
        if (ChatTemplate is null)
            throw new InvalidOperationException("The model has no chat template.");
        return new LlamaChatClient(this, conversations);
    }

    /// <summary>The engine as a generator of embeddings.</summary>
    /// <remarks>
    /// A call's texts are computed side by side, batched with everything else. <see cref="EmbeddingGenerationOptions"/> members are
    /// honoured or refused by name: <c>Dimensions</c> and <c>ModelId</c> must be the model's own; the keys <c>pooling</c>
    /// (<c>last_token</c>, <c>mean</c>, <c>cls</c>), <c>normalize</c>, <c>priority</c> and <c>timeout</c> (seconds) of
    /// <c>AdditionalProperties</c> stand for <see cref="EmbeddingOptions"/>' members, and <c>RawRepresentationFactory</c> may give
    /// an <see cref="EmbeddingOptions"/> to begin with.
    /// </remarks>
    /// <param name="options">How texts are embedded where a call does not say; null: the defaults.</param>
    /// <returns>A thread-safe generator that does not own the engine; there is no need to dispose it.</returns>
    public IEmbeddingGenerator<string, Embedding<float>> AsEmbeddingGenerator(EmbeddingOptions? options = null) =>
        new LlamaEmbeddingGenerator(this, options ?? new EmbeddingOptions());
}
