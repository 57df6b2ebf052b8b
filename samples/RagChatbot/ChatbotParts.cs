using LlamaEngine;
using LlamaEngine.Rag;
using Microsoft.Extensions.AI;
using RagChatbot.CommandLine;
using RagChatbot.Documents;

namespace RagChatbot;

/// <summary>Makes a chatbot of what a command line asks for, and owns its parts.</summary>
internal sealed class ChatbotParts : IAsyncDisposable
{
    private readonly Stack<object> _owned = new();

    private ChatbotParts()
    {
    }

    /// <summary>The whole.</summary>
    public Chatbot Chatbot { get; private set; } = null!;

    /// <summary>Loads the model and opens the files; documents are not read yet.</summary>
    public static async Task<ChatbotParts> CreateAsync(ChatbotSettings settings, Terminal terminal, CancellationToken cancellationToken)
    {
        ChatbotParts parts = new();
        try
        {
            await parts.LoadAsync(settings, terminal, cancellationToken);
            return parts;
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out object? part))
        {
            if (part is IAsyncDisposable later)
                await later.DisposeAsync();
            else
                (part as IDisposable)?.Dispose();
        }
    }

    private async Task LoadAsync(ChatbotSettings settings, Terminal terminal, CancellationToken cancellationToken)
    {
        DataFolder data = new(settings.Data);
        data.Create();
        ConversationLog conversations = Own(ConversationLog.Open(data.Conversations));
        InferenceEngine engine = Own(await LoadEngineAsync(settings.Engine, terminal, cancellationToken));
        var embedder = Own(engine.AsEmbeddingGenerator(new EmbeddingOptions { Pooling = EmbeddingPooling.Mean }));
        DocumentIndex index = Own(DocumentIndex.Open(data.IndexOf(settings.Documents), engine.Model.Name));
        DocumentFolder folder = Own(new DocumentFolder((_, _) => throw new NotImplementedException($"{embedder}")));
        Chatbot = new Chatbot(engine.Model.Name, new NoChat(), index, conversations, folder);
    }

    private static async Task<InferenceEngine> LoadEngineAsync(EngineOptions options, Terminal terminal, CancellationToken cancellationToken)
    {
        using ProgressLine progress = new(terminal);
        return await InferenceEngine.CreateAsync(options, progress, cancellationToken);
    }

    private T Own<T>(T part) where T : class
    {
        _owned.Push(part);
        return part;
    }

    private sealed class NoChat : IDocumentChat
    {
        public IAsyncEnumerable<AnswerUpdate> AskAsync(string question, IReadOnlyList<Exchange> history, CancellationToken cancellationToken = default) =>
            throw new NotImplementedException();
    }
}
