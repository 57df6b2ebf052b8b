using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Tests.Bulk;
using LlamaEngine.AspNetCore.Tests.Chat;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>A server that does all that the document has: its model knows tools, and it keeps files.</summary>
public sealed class FieldServer : IAsyncLifetime
{
    private readonly TestFolder _folder = new();
    private InferenceEngine _engine = null!;

    public TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        // One thread: thousands of short requests spend their time on the way between threads.
        _engine = InferenceEngine.Create(new EngineOptions { Threads = 1 }, () => new ToolModel(Formats.ModelFile.Open(TestServer.Lexicon)));
        Server = await TestServer.StartAsync(services =>
        {
            services.AddSingleton(provider => new ModelCatalog([new ToolModel.Served(_engine)], TimeProvider.System));
            services.AddLlamaEngineServer(options => options.DataFolder = _folder["data"]);
        });
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _engine.DisposeAsync();
        _folder.Dispose();
    }
}
