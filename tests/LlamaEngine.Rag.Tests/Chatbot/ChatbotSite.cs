using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.AI;
using RagChatbot.Reading;
using RagChatbot.Web;

namespace LlamaEngine.Rag.Tests.Chatbot;

/// <summary>The sample's web app on a free port of this machine, with a scripted model and files of its own that survive a restart.</summary>
internal sealed class ChatbotSite : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("chatbot-").FullName;
    private string _url = "http://127.0.0.1:0";
    private WebApplication? _app;
    private DocumentIndex? _index;
    private ConversationLog? _log;
    private DocumentFolder? _documents;

    /// <summary>What answers.</summary>
    public ScriptedChat Chat { get; } = new();

    /// <summary>What the folder of documents has, by path: their paragraphs.</summary>
    public Dictionary<string, string[]> Documents { get; } = [];

    /// <summary>What a scan does after it has read <see cref="Documents"/>.</summary>
    public Func<IProgress<ScanProgress>, CancellationToken, Task<IReadOnlyList<FailedDocument>>>? Scan { get; set; }

    /// <summary>Where the site is; ends with a slash.</summary>
    public Uri Address => new(_url + "/");

    /// <summary>Asks the site.</summary>
    public HttpClient Client { get; private set; } = null!;

    public ConversationLog Log => _log!;

    public DocumentFolder Folder => _documents!;

    public static async Task<ChatbotSite> StartAsync(params (string Path, string[] Paragraphs)[] documents)
    {
        ChatbotSite site = new();
        foreach ((string path, string[] paragraphs) in documents)
            site.Documents[path] = paragraphs;
        await site.StartAsync();
        return site;
    }

    /// <summary>Ends the site and starts it anew, at the same address, on the same files.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>Ends the site as a signal would.</summary>
    public async Task StopAsync()
    {
        Client.Dispose();
        await _app!.DisposeAsync();
        await _documents!.DisposeAsync();
        _log!.Dispose();
        _index!.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A passage that quotes a document's paragraph.</summary>
    public CitedPassage Passage(int number, string path, int paragraph)
    {
        string text = Documents[path][paragraph];
        int start = Documents[path].Take(paragraph).Sum(one => one.Length + 2);
        return new CitedPassage(number, new Passage(number, path, TitleOf(path), $"Part {paragraph + 1}", 2 * paragraph + 1, start, text, 10));
    }

    private async Task StartAsync()
    {
        _index = DocumentIndex.Open(Path.Combine(_folder, "index.db"), "test");
        _log = ConversationLog.Open(Path.Combine(_folder, "conversations.db"));
        _documents = new DocumentFolder(ScanAsync);
        _app = ChatbotApp.Build(new RagChatbot.Chatbot("Scripted", Chat, _index, _log, _documents), [_url]);
        await _app.StartAsync();
        _url = _app.Urls.Single();
        Client = new HttpClient { BaseAddress = Address };
        if (Documents.Count > 0)
            await _documents.RefreshAsync();
    }

    private Task<IReadOnlyList<FailedDocument>> ScanAsync(IProgress<ScanProgress> progress, CancellationToken cancellationToken)
    {
        foreach ((string path, string[] paragraphs) in Documents)
        {
            Chunk[] chunks = [.. paragraphs.Select((text, number) => new Chunk(text, $"Part {number + 1}", 2 * number + 1, Passage(1, path, number).Passage.Start, 10))];
            Embedding<float>[] vectors = [.. chunks.Select(_ => new Embedding<float>(new float[] { 1, 0 }))];
            _index!.Replace(path, "hash", new ChunkedDocument(TitleOf(path), string.Join("\n\n", paragraphs), chunks), vectors);
        }
        return Scan?.Invoke(progress, cancellationToken) ?? Task.FromResult<IReadOnlyList<FailedDocument>>([]);
    }

    private static string TitleOf(string path) => $"About {Path.GetFileNameWithoutExtension(path)}";
}
