using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using RagChatbot.Engines;

namespace LlamaEngine.Rag.Tests.Engines;

public sealed class OpenAIEndpointTests : IDisposable
{
    private static readonly ChatMessage[] Question = [new(ChatRole.System, "Be kind."), new(ChatRole.User, "Who?"), new(ChatRole.Assistant, "I."), new(ChatRole.User, "Why?")];
    private readonly HttpClient _http = new();

    public void Dispose() => _http.Dispose();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reply_streams_and_ends_with_its_usage()
    {
        await using FakeServer server = await FakeServer.StartAsync();
        OpenAIEndpoint endpoint = Connect(server.Url, new EndpointOptions { ApiKey = "secret" });
        List<ChatResponseUpdate> updates = await endpoint.GetStreamingResponseAsync(Question, new ChatOptions { MaxOutputTokens = 5, Temperature = 0, StopSequences = ["x"] }, Cancellation).ToListAsync(Cancellation);

        Assert.Equal(["Hello", " world"], updates.Select(update => update.Text).Where(text => text.Length > 0));
        Assert.Contains(updates, update => update.FinishReason == ChatFinishReason.Stop);
        UsageDetails usage = updates.SelectMany(update => update.Contents).OfType<UsageContent>().Single().Details;
        Assert.Equal((11, 2, 13, 7), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount, usage.CachedInputTokenCount));

        JsonNode body = server.Bodies.Single();
        Assert.Equal(["system: Be kind.", "user: Who?", "assistant: I.", "user: Why?"], body["messages"]!.AsArray().Select(message => $"{message!["role"]}: {TextOf(message["content"]!)}"));
        Assert.Equal(("model-a", true, true), ((string?)body["model"], (bool?)body["stream"], (bool?)body["stream_options"]?["include_usage"]));
        Assert.Equal((5, 0f, "x"), ((int?)body["max_completion_tokens"], (float?)body["temperature"], (string?)body["stop"]![0]));
        Assert.All(server.Keys, key => Assert.Equal("Bearer secret", key));
    }

    [Fact]
    public async Task A_whole_reply_is_the_stream_joined_and_the_model_is_asked_for_once()
    {
        await using FakeServer server = await FakeServer.StartAsync();
        OpenAIEndpoint endpoint = Connect(server.Url);
        for (int i = 0; i < 2; i++)
        {
            ChatResponse response = await endpoint.GetResponseAsync(Question, cancellationToken: Cancellation);
            Assert.Equal(("Hello world", 7), (response.Text, response.Usage!.CachedInputTokenCount));
        }
        Assert.Equal(3, server.Keys.Length);
        Assert.DoesNotContain(server.Keys, key => key is null);

        await Connect(server.Url, new EndpointOptions { Model = "mine" }).GetResponseAsync(Question, cancellationToken: Cancellation);
        await Connect(server.Url).GetResponseAsync(Question, new ChatOptions { ModelId = "yours" }, Cancellation);
        Assert.Equal(["model-a", "model-a", "mine", "yours"], server.Bodies.Select(body => (string?)body["model"]));
        Assert.Equal(5, server.Keys.Length);
    }

    [Fact]
    public async Task After_a_failure_the_model_is_asked_for_again()
    {
        await using FakeServer server = await FakeServer.StartAsync();
        OpenAIEndpoint endpoint = Connect(server.Url);
        await endpoint.GetResponseAsync(Question, cancellationToken: Cancellation);
        (server.Models, server.Answer) = (["model-c"], FakeServer.Refuse(404, "There is no model-a."));
        await Assert.ThrowsAsync<EndpointException>(() => endpoint.GetResponseAsync(Question, cancellationToken: Cancellation));
        server.Answer = FakeServer.Say("x");
        await endpoint.GetResponseAsync(Question, cancellationToken: Cancellation);
        Assert.Equal("model-c", (string?)server.Bodies[^1]["model"]);

        server.Models = [];
        Assert.Contains("no model", (await FailAsync(Connect(server.Url))).Message);
    }

    [Theory]
    [InlineData(400, false)]
    [InlineData(401, false)]
    [InlineData(404, false)]
    [InlineData(413, false)]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(503, true)]
    public async Task A_refusal_says_whether_another_server_may_do_better(int status, bool temporary)
    {
        await using FakeServer server = await FakeServer.StartAsync(FakeServer.Refuse(status, "Be\u001b[2Jcause.\nNow."));
        EndpointException exception = await FailAsync(Connect(server.Url));
        Assert.Equal((temporary, (HttpStatusCode)status), (exception.IsTemporary, exception.StatusCode));
        Assert.Contains(server.Url.ToString(), exception.Message);
        Assert.Contains($"{status}", exception.Message);
        Assert.EndsWith("Be[2Jcause. Now.", exception.Message);
        Assert.Single(server.Bodies);
    }

    [Fact]
    public async Task What_breaks_off_is_silent_or_is_no_such_server_is_temporary()
    {
        using (TcpListener listener = new(IPAddress.Loopback, 0))
        {
            listener.Start();
            int port = ((IPEndPoint)listener.LocalEndpoint).Port;
            listener.Stop();
            Assert.True((await FailAsync(Connect(new Uri($"http://127.0.0.1:{port}/v1")))).IsTemporary);
        }
        await using FakeServer server = await FakeServer.StartAsync();
        EndpointOptions impatient = new() { SilenceTimeout = TimeSpan.FromMilliseconds(300), Model = "m" };
        foreach ((RequestDelegate answer, EndpointOptions options) in ((RequestDelegate, EndpointOptions)[])
        [
            (FakeServer.BreakAfter(), new()), (FakeServer.BreakAfter("one"), new()), (FakeServer.BeSilent, impatient),
            (FakeServer.Babble("text/html", "<html>"), new()), (FakeServer.Babble("text/event-stream", "data: {\"error\": {\"message\": \"x\"}}\n\ndata: [DONE]\n\n"), new()), (FakeServer.Babble("text/event-stream", "data: {\"x\"\n\n"), new()),
        ])
        {
            server.Answer = answer;
            EndpointException exception = await FailAsync(Connect(server.Url, options));
            Assert.True(exception.IsTemporary, exception.Message);
            Assert.Contains(server.Url.ToString(), exception.Message);
        }
    }

    [Fact]
    public async Task Cancelling_is_no_failure_of_the_server()
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using FakeServer server = await FakeServer.StartAsync(context =>
        {
            asked.SetResult();
            return FakeServer.BeSilent(context);
        });
        using CancellationTokenSource cancellation = new();
        Task<ChatResponse> response = Connect(server.Url).GetResponseAsync(Question, cancellationToken: cancellation.Token);
        await asked.Task;
        cancellation.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => response);
    }

    public static TheoryData<string, ChatOptions> Refused => new()
    {
        { "Tools", new ChatOptions { Tools = [AIFunctionFactory.CreateDeclaration("f", null, default)] } }, { "TopK", new ChatOptions { TopK = 1 } }, { "Seed", new ChatOptions { Seed = 1 } },
        { "ResponseFormat", new ChatOptions { ResponseFormat = ChatResponseFormat.Json } }, { "ConversationId", new ChatOptions { ConversationId = "c" } },
        { "Instructions", new ChatOptions { Instructions = "i" } }, { "AdditionalProperties", new ChatOptions { AdditionalProperties = new() { ["a"] = 1 } } },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task Options_that_are_not_passed_on_are_refused_by_name(string name, ChatOptions options)
    {
        await using FakeServer server = await FakeServer.StartAsync();
        NotSupportedException exception = await Assert.ThrowsAsync<NotSupportedException>(() => Connect(server.Url).GetResponseAsync(Question, options, Cancellation));
        Assert.Contains($"ChatOptions.{name} ", exception.Message);
        Assert.Empty(server.Keys);
    }

    [Fact]
    public async Task Messages_have_texts_only()
    {
        OpenAIEndpoint endpoint = Connect(new Uri("http://127.0.0.1:1/v1"));
        await Assert.ThrowsAsync<NotSupportedException>(() => endpoint.GetResponseAsync([new ChatMessage(ChatRole.User, [new UriContent("http://127.0.0.1:1/a.png", "image/png")])], cancellationToken: Cancellation));
        await Assert.ThrowsAsync<NotSupportedException>(() => endpoint.GetResponseAsync([new ChatMessage(ChatRole.Tool, "x")], cancellationToken: Cancellation));
    }

    private OpenAIEndpoint Connect(Uri address, EndpointOptions? options = null) => new(address, options ?? new EndpointOptions(), _http);

    private static async Task<EndpointException> FailAsync(OpenAIEndpoint endpoint) =>
        await Assert.ThrowsAsync<EndpointException>(() => endpoint.GetResponseAsync(Question, cancellationToken: Cancellation));

    private static string TextOf(JsonNode content) => content is JsonArray parts ? (string)parts[0]!["text"]! : (string)content!;
}
