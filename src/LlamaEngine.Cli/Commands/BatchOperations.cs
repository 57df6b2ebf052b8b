using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Operations;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.AspNetCore.Sessions;
using LlamaEngine.Clients;

namespace LlamaEngine.Cli.Commands;

/// <summary>What the requests of <c>batch</c> can ask for: the operations of the API, over one model.</summary>
internal sealed class BatchOperations : IDisposable
{
    private readonly SessionShelf _sessions = new(new ConversationOptions());

    /// <summary>The paths of the operations, without a model.</summary>
    public static IReadOnlyList<string> Urls { get; } = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings"];

    /// <summary>Operations over a model.</summary>
    /// <param name="name">What requests may call it; they need not call it anything.</param>
    /// <param name="maxBytes">Most bytes of a request.</param>
    public BatchOperations(string name, InferenceEngine engine, int maxBytes)
    {
        ModelCatalog catalog = new([new LoadedModel(name, engine)], TimeProvider.System);
        ServerLimits limits = new(maxBytes, Depth: 64, PromptTokens: null, Choices: 128, Inputs: 2048);
        All =
        [
            new ChatOperation(catalog, _sessions, limits, TimeProvider.System),
            new CompletionOperation(catalog, limits, TimeProvider.System),
            new EmbeddingOperation(catalog, limits),
        ];
    }

    /// <summary>The operations.</summary>
    public IReadOnlyList<IOperation> All { get; }

    /// <inheritdoc/>
    public void Dispose() => _sessions.Dispose();
}
