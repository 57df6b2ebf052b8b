using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.Chat;

/// <summary>/v1/chat/completions in pieces.</summary>
public sealed class ChatStreamTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private const string Path = "/v1/chat/completions";

    private static readonly Prompt s_camera = Prompt.FromUser("What is a camera?");

    private TestServer Server => fixture.Server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pieces_come_in_the_order_role_text_reason_usage_done()
    {
        Completion expected = await Server.Engine.CompleteAsync(s_camera, new GenerationOptions { Temperature = 0 }, Token);
        JsonNode[] chunks = await Server.ReadAsync(Path, """
            {"messages": [{"role": "user", "content": "What is a camera?"}], "temperature": 0, "stream": true, "stream_options": {"include_usage": true}}
            """);
        Assert.Single(chunks.Select(chunk => (string)chunk["id"]!).Distinct());
        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", (string)chunk["object"]!));
        Assert.All(chunks, chunk => Assert.Equal(TestServer.Model, (string)chunk["model"]!));
        Assert.Equal("""{"role":"assistant","content":""}""", chunks[0]["choices"]![0]!["delta"]!.ToJsonString());
        Assert.Equal("{}", chunks[^2]["choices"]![0]!["delta"]!.ToJsonString());
        Assert.Equal("stop", (string?)chunks[^2]["choices"]![0]!["finish_reason"]);
        Assert.All(chunks[..^2], chunk => Assert.Null(chunk["choices"]![0]!["finish_reason"]));
        Assert.All(chunks[1..^2], chunk => Assert.NotEqual("", (string)chunk["choices"]![0]!["delta"]!["content"]!));
        Assert.All(chunks[..^1], chunk => Assert.True(chunk.AsObject().ContainsKey("usage") && chunk["usage"] is null));
        Assert.Empty(chunks[^1]["choices"]!.AsArray());
        Assert.Equal(expected.Usage.PromptTokens, (int)chunks[^1]["usage"]!["prompt_tokens"]!);
        Assert.Equal(expected.Usage.CompletionTokens, (int)chunks[^1]["usage"]!["completion_tokens"]!);
        Assert.Equal([expected.Text], chunks.ChatTexts());
    }

    [Fact]
    public async Task Without_stream_options_no_piece_speaks_of_usage()
    {
        JsonNode[] chunks = await Server.ReadAsync(Path, """{"messages": [{"role": "user", "content": "river"}], "temperature": 0, "stream": true}""");
        Assert.All(chunks, chunk => Assert.False(chunk.AsObject().ContainsKey("usage")));
        Assert.Equal("stop", (string?)chunks[^1]["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public async Task Choices_side_by_side_are_told_apart_by_their_index()
    {
        IReadOnlyList<Completion> expected = await Server.Engine.CompleteAllAsync(
            s_camera, new GenerationOptions { Choices = 3, Seed = 5, Temperature = 1, MaxTokens = 20, StopStrings = ["("] }, Token);
        JsonNode[] chunks = await Server.ReadAsync(Path, """
            {"messages": [{"role": "user", "content": "What is a camera?"}], "n": 3, "seed": 5, "temperature": 1, "max_tokens": 20, "stop": "(", "stream": true}
            """);
        Assert.Equal(expected.Select(choice => choice.Text), chunks.ChatTexts(3));
        for (int i = 0; i < 3; i++)
        {
            JsonNode[] own = [.. chunks.Select(chunk => chunk["choices"]![0]!).Where(choice => (int)choice["index"]! == i)];
            Assert.Equal("assistant", (string?)own[0]["delta"]!["role"]);
            Assert.Single(own, choice => choice["delta"]!["role"] is not null);
            Assert.Equal(expected[i].FinishReason.ToString().ToLowerInvariant(), (string?)own[^1]["finish_reason"]);
        }
    }

    [Fact]
    public async Task Log_probabilities_come_with_their_tokens()
    {
        const string Body = """{"messages": [{"role": "user", "content": "What is a camera?"}], "temperature": 0, "logprobs": true, "top_logprobs": 2, "stream": STREAM}""";
        JsonNode whole = (await Server.PostAsync(Path, Body.Replace("STREAM", "false", StringComparison.Ordinal))).Json;
        JsonNode[] chunks = await Server.ReadAsync(Path, Body.Replace("STREAM", "true", StringComparison.Ordinal));
        IEnumerable<string> streamed = chunks.Select(chunk => chunk["choices"]![0]!["logprobs"]).OfType<JsonNode>()
            .SelectMany(logs => logs["content"]!.AsArray()).Select(token => token!.ToJsonString());
        Assert.Equal(whole["choices"]![0]!["logprobs"]!["content"]!.AsArray().Select(token => token!.ToJsonString()), streamed);
    }

    [Fact]
    public async Task What_goes_wrong_before_the_first_piece_has_a_status()
    {
        string tooLong = string.Join(' ', Enumerable.Repeat("river", 600));
        Reply reply = await Server.PostAsync(Path, $$"""{"messages": [{"role": "user", "content": "{{tooLong}}"}], "stream": true}""");
        Assert.Equal((400, "context_length_exceeded", "messages"), (reply.Status, reply.Code, reply.Parameter));
        reply = await Server.PostAsync(Path, """{"messages": [{"role": "user", "content": "river"}], "stream": true, "timeout": 0.0000001}""");
        Assert.Equal((408, "deadline_exceeded"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task A_session_streams_too_and_remembers()
    {
        const string Body = """{"messages": [{"role": "user", "content": "lake"}], "temperature": 0, "max_tokens": 12, "session_id": "streamed", "stream": true}""";
        string first = Assert.Single((await Server.ReadAsync(Path, Body)).ChatTexts());
        Microsoft.Extensions.AI.ChatMessage[] messages =
            [new(Microsoft.Extensions.AI.ChatRole.User, "lake"), new(Microsoft.Extensions.AI.ChatRole.Assistant, first), new(Microsoft.Extensions.AI.ChatRole.User, "lake")];
        Completion expected = await Server.Engine.CompleteAsync(Prompt.FromMessages(messages), new GenerationOptions { Temperature = 0, MaxTokens = 12 }, Token);
        Assert.Equal([expected.Text], (await Server.ReadAsync(Path, Body)).ChatTexts());
    }
}
