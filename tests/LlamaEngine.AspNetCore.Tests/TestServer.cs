using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Tests.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.AspNetCore.Tests;

/// <summary>An app with the API, behind a real Kestrel on a free port of the loopback interface.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestServer(WebApplication app, Uri url)
    {
        _app = app;
        Url = url;
        Http = new HttpClient(new DocumentedReplies(new SocketsHttpHandler())) { BaseAddress = url, Timeout = TimeSpan.FromMinutes(2) };
    }

    /// <summary>The demo model.</summary>
    public static string Lexicon { get; } = Path.Combine(AppContext.BaseDirectory, "models", "lexicon-5m-q8_0.gguf");

    /// <summary>The demo model's name, where nobody gave it another.</summary>
    public const string Model = "lexicon-5m-q8_0";

    public Uri Url { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    /// <summary>The engine of the container.</summary>
    public InferenceEngine Engine => Services.GetRequiredService<InferenceEngine>();

    /// <summary>Starts an app.</summary>
    /// <param name="configure">Adds engines; null: the demo model.</param>
    /// <param name="loggers">Where its messages go; null: nowhere.</param>
    /// <param name="pipeline">Adds what stands before the endpoints.</param>
    public static async Task<TestServer> StartAsync(
        Action<IServiceCollection>? configure = null, ILoggerProvider? loggers = null, Action<WebApplication>? pipeline = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (loggers is not null)
            builder.Logging.AddProvider(loggers);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        (configure ?? (services => services.AddLlamaEngine(options => options.ModelPath = Lexicon)))(builder.Services);
        WebApplication app = builder.Build();
        pipeline?.Invoke(app);
        app.MapLlamaEngine();
        await app.StartAsync(TestContext.Current.CancellationToken);
        string url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new TestServer(app, new Uri(url));
    }

    /// <summary>Posts a JSON text and gives status and reply.</summary>
    public Task<Reply> PostAsync(string path, string json) => PostAsync(path, Encoding.UTF8.GetBytes(json));

    /// <summary>Posts bytes as JSON.</summary>
    public async Task<Reply> PostAsync(string path, byte[] body, string contentType = "application/json")
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = contentType.Length == 0 ? null : MediaTypeHeaderValue.Parse(contentType);
        using HttpResponseMessage response = await Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        return await Reply.ReadAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>A reply that was read.</summary>
public sealed record Reply(int Status, string Text, HttpResponseMessage Response)
{
    public JsonNode Json => JsonNode.Parse(Text)!;

    public JsonNode Error => Json["error"] ?? throw new InvalidOperationException($"no error: {Text}");

    public string? Parameter => (string?)Error["param"];

    public string? Code => (string?)Error["code"];

    public string Message => (string)Error["message"]!;

    public static async Task<Reply> ReadAsync(HttpResponseMessage response) =>
        new((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
}

/// <summary>One app over the demo model, for the tests of a class.</summary>
public sealed class LexiconServer : IAsyncLifetime
{
    public TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}
