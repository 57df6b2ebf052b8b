#pragma warning disable OPENAI001 // The client says so of its pipeline; it is how programs send what it has no members for.
using System.ClientModel;
using System.ClientModel.Primitives;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using OpenAI;

namespace LlamaEngine.Cli.Tests.Clients;

/// <summary>
/// One <c>serve</c> as a process for all tests of clients, with two models, API keys and a data folder; and the same two models in process, which
/// say what is right.
/// </summary>
public sealed class ClientServer : IAsyncLifetime
{
    /// <summary>The tests that share it, one after the other.</summary>
    public const string Tests = "clients";

    /// <summary>Names of the models: the demo model, and the same with a template that knows tools.</summary>
    public const string Model = "lexicon", ToolModel = "tools";

    /// <summary>A key without limits, and for each client one that is good for a single request a minute.</summary>
    public const string Key = "sk-all", DotNetSingleKey = "sk-dotnet", NodeSingleKey = "sk-node";

    private readonly TemporaryFolder _folder = new();

    private ServerProcess _process = null!;

    /// <summary>The demo model in process.</summary>
    public InferenceEngine Engine { get; private set; } = null!;

    /// <summary>The one with tools.</summary>
    public InferenceEngine ToolEngine { get; private set; } = null!;

    /// <summary>Where the API is.</summary>
    public Uri Url => new(_process.Client.BaseAddress!, "/v1");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        string tools = _folder.FileOf("tools.gguf");
        string keys = _folder.Write(
            "keys", $"all {Hash(Key)}\ndotnet {Hash(DotNetSingleKey)} requests_per_minute=1\nnode {Hash(NodeSingleKey)} requests_per_minute=1\n");
        ToolModelFile.Write(tools);
        Engine = Create(CliRun.Lexicon);
        ToolEngine = Create(tools);
        _process = await ServerProcess.StartAsync(
            "--model", $"{Model}={CliRun.Lexicon}", "--model", $"{ToolModel}={tools}", "--api-key-file", keys, "--data", _folder.FileOf("data"));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await Engine.DisposeAsync();
        await ToolEngine.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>OpenAI's client for .NET, without repetitions of what fails.</summary>
    public OpenAIClient CreateClient(string key = Key) => new(new ApiKeyCredential(key), new OpenAIClientOptions
    {
        Endpoint = Url,
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
    });

    /// <summary>Sends what the client has no members for through its pipeline; gives the body of the reply, which must be a success.</summary>
    public async Task<BinaryData> PostAsync(string path, JsonObject body)
    {
        ClientPipeline pipeline = CreateClient().Pipeline;
        using PipelineMessage message = pipeline.CreateMessage();
        message.Apply(new RequestOptions { CancellationToken = Token });
        message.Request.Method = "POST";
        message.Request.Uri = new Uri($"{Url}{path}");
        message.Request.Headers.Set("Content-Type", "application/json");
        message.Request.Content = BinaryContent.Create(BinaryData.FromString(body.ToJsonString()));
        await pipeline.SendAsync(message);
        Assert.True(message.Response!.Status == 200, message.Response.Content.ToString());
        return message.Response.Content;
    }

    private static InferenceEngine Create(string path) => InferenceEngine.Create(new EngineOptions { ModelPath = path, KvCacheTokens = 8192 });

    private static string Hash(string key) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}

/// <summary>The tests that share the server.</summary>
[CollectionDefinition(ClientServer.Tests)]
public sealed class SharedClientServer : ICollectionFixture<ClientServer>;
