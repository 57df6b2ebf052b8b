using System.Globalization;
using LlamaEngine;
using LlamaEngine.Models;
using LlamaEngine.Rag;
using Microsoft.Extensions.AI;
using RagChatbot.CommandLine;
using RagChatbot.Engines;
using RagChatbot.Reading;

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
        WordEmbeddingGenerator embedder = Own(new WordEmbeddingGenerator(Own(engine.AsEmbeddingGenerator())));
        IngestionOptions reading = new() { Chunks = ChunkOptions.ForContext(engine.Model.ContextLength) };
        DocumentIndex index = Own(DocumentIndex.Open(data.IndexOf(settings.Documents), reading.Fingerprint($"{IdentityOf(engine.Model)}, word by word")));
        FolderIngestion ingestion = new(index, embedder, text => engine.Tokenizer.Encode(text).Length, reading);
        DocumentFolder folder = Own(new DocumentFolder((progress, cancellation) => ScanAsync(ingestion, settings.Documents, progress, cancellation)));
        DocumentChatOptions answering = new();
        answering = answering with { Retrieval = answering.Retrieval with { TopK = settings.TopK ?? answering.Retrieval.TopK } };
        Retriever retriever = new(index, embedder);
        IChatClient? servers = settings.HasServers ? Own(EngineFactory.CreateChatClient(settings.Servers, terminal.Error.WriteLine)) : null;
        DocumentChat chat = Own(servers is null ? new DocumentChat(retriever, engine, answering) : new DocumentChat(retriever, servers, answering));
        Chatbot = new Chatbot(servers is null ? engine.Model.Name : settings.ServersName, chat, index, conversations, folder);
    }

    private static async Task<IReadOnlyList<FailedDocument>> ScanAsync(
        FolderIngestion ingestion, string documents, IProgress<ScanProgress> progress, CancellationToken cancellationToken)
    {
        IngestionReport report = await ingestion.RunAsync(documents, new Translation(progress), cancellationToken);
        return [.. report.Failed.Select(failure => new FailedDocument(failure.Path, failure.Message))];
    }

    // Vectors of one model mean nothing to another. What the file says of itself does: reading all weights to tell two apart would take longer than all else here.
    private static string IdentityOf(ModelInfo model) => string.Create(CultureInfo.InvariantCulture, $"{model.Name}, {model.ParameterCount} {model.WeightType}, {model.WeightBytes}");

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

    private sealed class Translation(IProgress<ScanProgress> progress) : IProgress<IngestionProgress>
    {
        public void Report(IngestionProgress value) => progress.Report(new ScanProgress(value.Done, value.Total, value.Current));
    }
}
