using Microsoft.AspNetCore.Builder;
using RagChatbot;
using RagChatbot.CommandLine;
using RagChatbot.Web;

namespace LlamaEngine.Rag.Tests.Chatbot;

/// <summary>The sample as it comes, on a free port of this machine: Lexicon, its own documents, nothing scripted.</summary>
internal sealed class WholeSample : IAsyncDisposable
{
    private readonly string _data;
    private readonly ChatbotParts _parts;
    private readonly WebApplication _app;

    private WholeSample(string data, ChatbotParts parts, WebApplication app) => (_data, _parts, _app) = (data, parts, app);

    /// <summary>What it is made of.</summary>
    public global::RagChatbot.Chatbot Chatbot => _parts.Chatbot;

    /// <summary>Where it is; ends with a slash.</summary>
    public Uri Address => new(_app.Urls.Single() + "/");

    /// <summary>The folder that it reads.</summary>
    public static string Documents => Path.Combine(AppContext.BaseDirectory, "documents");

    /// <summary>Starts it, and waits until its documents are read.</summary>
    public static async Task<WholeSample> StartAsync()
    {
        string data = Directory.CreateTempSubdirectory("sample-").FullName;
        ChatbotSettings settings = new() { Engine = new EngineOptions(), Documents = Documents, Data = data, Urls = ["http://127.0.0.1:0"], Endpoints = [] };
        ChatbotParts parts = await ChatbotParts.CreateAsync(settings, new Terminal(TextWriter.Null, TextWriter.Null), ApiClient.Cancellation);
        WebApplication app = ChatbotApp.Build(parts.Chatbot, settings.Urls);
        await app.StartAsync(ApiClient.Cancellation);
        await parts.Chatbot.Folder.RefreshAsync();
        Assert.Empty(parts.Chatbot.Folder.State.Failures);
        return new WholeSample(data, parts, app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _parts.DisposeAsync();
        Directory.Delete(_data, recursive: true);
    }
}
