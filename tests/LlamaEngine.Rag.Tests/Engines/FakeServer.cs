using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.Rag.Tests.Engines;

/// <summary>A server on a free port of the loopback interface that answers chats as a test says.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly List<JsonNode> _bodies = [];
    private readonly List<string?> _keys = [];

    private FakeServer(WebApplication app) => _app = app;

    /// <summary>The base of its API.</summary>
    public Uri Url => new(_app.Urls.First() + "/v1");

    /// <summary>The models it lists.</summary>
    public string[] Models { get; set; } = ["model-a", "model-b"];

    /// <summary>Answers a chat.</summary>
    public RequestDelegate Answer { get; set; } = Say("Hello", " world");

    /// <summary>What it was asked, in order.</summary>
    public JsonNode[] Bodies
    {
        get
        {
            lock (_bodies)
                return [.. _bodies];
        }
    }

    /// <summary>The Authorization headers of all requests.</summary>
    public string?[] Keys
    {
        get
        {
            lock (_bodies)
                return [.. _keys];
        }
    }

    public static async Task<FakeServer> StartAsync(RequestDelegate? answer = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication app = builder.Build();
        FakeServer server = new(app);
        if (answer is not null)
            server.Answer = answer;
        app.Run(server.ServeAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Streams a reply in pieces, then its usage.</summary>
    public static RequestDelegate Say(params string[] pieces) => async context =>
    {
        context.Response.ContentType = "text/event-stream";
        await WriteAsync(context, Choice(new JsonObject { ["role"] = "assistant", ["content"] = "" }, null));
        foreach (string piece in pieces)
            await WriteAsync(context, Choice(new JsonObject { ["content"] = piece }, null));
        await WriteAsync(context, Choice([], "stop"));
        JsonObject usage = Chunk([]);
        usage["usage"] = JsonNode.Parse("""{"prompt_tokens": 11, "completion_tokens": 2, "total_tokens": 13, "prompt_tokens_details": {"cached_tokens": 7}}""");
        await WriteAsync(context, usage);
        await context.Response.WriteAsync("data: [DONE]\n\n", context.RequestAborted);
    };

    /// <summary>Streams pieces and breaks the connection off.</summary>
    public static RequestDelegate BreakAfter(params string[] pieces) => async context =>
    {
        context.Response.ContentType = "text/event-stream";
        await WriteAsync(context, Choice(new JsonObject { ["role"] = "assistant", ["content"] = "" }, null));
        foreach (string piece in pieces)
            await WriteAsync(context, Choice(new JsonObject { ["content"] = piece }, null));
        await context.Response.Body.FlushAsync(context.RequestAborted);
        context.Abort();
    };

    /// <summary>Refuses.</summary>
    public static RequestDelegate Refuse(int status, string message) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(new JsonObject { ["error"] = new JsonObject { ["message"] = message, ["type"] = "t", ["code"] = "c" } }.ToJsonString());
    };

    /// <summary>Says something that is no reply.</summary>
    public static RequestDelegate Babble(string contentType, string text) => context =>
    {
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(text);
    };

    /// <summary>Says nothing until the caller gives up.</summary>
    public static async Task BeSilent(HttpContext context)
    {
        TaskCompletionSource gone = new();
        await using (context.RequestAborted.Register(gone.SetResult)) await gone.Task;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        lock (_bodies)
            _keys.Add(context.Request.Headers.Authorization);
        if (context.Request.Path == "/v1/models")
        {
            JsonArray models = [.. Models.Select(name => new JsonObject { ["id"] = name, ["object"] = "model", ["created"] = 1, ["owned_by"] = "test" })];
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(new JsonObject { ["object"] = "list", ["data"] = models }.ToJsonString());
            return;
        }
        Assert.Equal("/v1/chat/completions", context.Request.Path);
        JsonNode body = (await JsonNode.ParseAsync(context.Request.Body))!;
        lock (_bodies)
            _bodies.Add(body);
        await Answer(context);
    }

    private static JsonObject Choice(JsonObject delta, string? finish) => Chunk([new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish }]);

    private static JsonObject Chunk(JsonArray choices) =>
        new() { ["id"] = "id-1", ["object"] = "chat.completion.chunk", ["created"] = 1, ["model"] = "model-a", ["choices"] = choices };

    private static async Task WriteAsync(HttpContext context, JsonObject chunk)
    {
        await context.Response.WriteAsync($"data: {chunk.ToJsonString()}\n\n", context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }
}
