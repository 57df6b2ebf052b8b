using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Replies;
using LlamaEngine.Tools;
using Microsoft.Extensions.DependencyInjection;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;
using ChatRole = Microsoft.Extensions.AI.ChatRole;

namespace LlamaEngine.AspNetCore.Tests.Chat;

/// <summary>Tools: told to the model, demanded, parsed out of the reply, and sent back with their results.</summary>
public sealed class ToolTests : IAsyncLifetime
{
    private const string Path = "/v1/chat/completions";

    private const string Tools = """
        [{"type": "function", "function": {"name": "find", "description": "Finds a word.",
          "parameters": {"type": "object", "properties": {"word": {"enum": ["river", "lake"]}}, "required": ["word"], "additionalProperties": false}}},
         {"type": "function", "function": {"name": "stop"}}]
        """;

    private InferenceEngine _engine = null!;
    private TestServer _server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _engine = ToolModel.CreateEngine();
        _server = await TestServer.StartAsync(services =>
        {
            services.AddSingleton(provider => new ModelCatalog([new ToolModel.Served(_engine)], TimeProvider.System));
            services.AddLlamaEngineServer();
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _engine.DisposeAsync();
    }

    [Theory]
    [InlineData("\"required\"", false)]
    [InlineData("{\"type\": \"function\", \"function\": {\"name\": \"find\"}}", false)]
    [InlineData("{\"type\": \"function\", \"function\": {\"name\": \"find\"}}", true)]
    public async Task A_call_that_is_demanded_is_made_and_follows_its_schema(string choice, bool stream)
    {
        string body = $$"""
            {"messages": [{"role": "user", "content": "river"}], "tools": {{Tools}}, "tool_choice": {{choice}}, "temperature": 1, "seed": 4
            """;
        JsonNode call;
        if (stream)
        {
            JsonNode[] chunks = await _server.ReadAsync(Path, body + ", \"stream\": true}");
            JsonNode[] deltas = [.. chunks.Select(chunk => chunk["choices"]![0]!["delta"]!)];
            call = Assert.Single(deltas, delta => delta["tool_calls"] is not null)["tool_calls"]![0]!;
            Assert.Equal(0, (int)call["index"]!);
            Assert.Equal("", Assert.Single(chunks.ChatTexts()));
            Assert.Equal("tool_calls", (string?)chunks[^1]["choices"]![0]!["finish_reason"]);
        }
        else
        {
            Reply reply = await _server.PostAsync(Path, body + "}");
            Assert.True(reply.Status == 200, reply.Text);
            JsonNode one = reply.Json["choices"]![0]!;
            Assert.Null(one["message"]!["content"]);
            Assert.Equal("tool_calls", (string?)one["finish_reason"]);
            call = Assert.Single(one["message"]!["tool_calls"]!.AsArray())!;
        }
        Assert.StartsWith("call_", (string)call["id"]!, StringComparison.Ordinal);
        Assert.Equal("function", (string?)call["type"]);
        string name = (string)call["function"]!["name"]!;
        JsonObject arguments = JsonNode.Parse((string)call["function"]!["arguments"]!)!.AsObject();
        if (choice.Contains("find", StringComparison.Ordinal) || name == "find")
            Assert.Contains((string)arguments["word"]!, (string[])["river", "lake"]);
        else
            Assert.Equal(("stop", 0), (name, arguments.Count));
    }

    [Fact]
    public async Task What_the_model_is_told_is_what_the_engine_tells_it()
    {
        ToolDefinition[] tools =
        [
            new("find", "Finds a word.", JsonDocument.Parse("""{"type": "object", "properties": {"word": {"enum": ["river", "lake"]}}, "required": ["word"], "additionalProperties": false}""").RootElement),
            new("stop"),
        ];
        var prompt = Prompt.FromMessages([new ChatMessage(ChatRole.User, "river")], tools);
        Completion expected = await _engine.CompleteAsync(prompt, new GenerationOptions { Temperature = 0, MaxTokens = 24 }, Token);
        Reply reply = await _server.PostAsync(Path, $$"""
            {"messages": [{"role": "user", "content": "river"}], "tools": {{Tools}}, "temperature": 0, "max_tokens": 24, "parallel_tool_calls": true}
            """);
        Assert.Equal(expected.Usage.PromptTokens, (int)reply.Json["usage"]!["prompt_tokens"]!);
        Reply text = await _server.PostAsync("/apply-template", $$"""{"messages": [{"role": "user", "content": "river"}], "tools": {{Tools}}}""");
        Assert.Equal(_engine.Tokenize(prompt), _engine.Tokenizer.Encode((string)text.Json["prompt"]!, allowSpecial: true));
        Reply none = await _server.PostAsync(Path, $$"""
            {"messages": [{"role": "user", "content": "river"}], "tools": {{Tools}}, "tool_choice": "none", "temperature": 0, "max_tokens": 1}
            """);
        Assert.Equal(_engine.Tokenize(Prompt.FromUser("river")).Length, (int)none.Json["usage"]!["prompt_tokens"]!);
    }

    /// <summary>What models write of their own accord, piece by piece: text, two calls in one piece, and the end.</summary>
    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 1)]
    public void Text_and_calls_of_a_reply_become_pieces(bool onlyFirst, int calls)
    {
        var prompt = Prompt.FromMessages([new ChatMessage(ChatRole.User, "a")], [new ToolDefinition("f"), new ToolDefinition("g")]);
        string[] written =
        [
            "Let me", " see.", "<tool_call>{\"name\": \"f\", \"argu", "ments\": {}}</tool_call><tool_call>{\"name\": \"g\", \"arguments\": {\"x\": 1}}</tool_call>", "",
        ];
        var splitter = new ReplySplitter(_engine.CreateToolCallParser(prompt), onlyFirst);
        var head = new ReplyHead("chatcmpl-1", "chat.completion.chunk", 1, "m", "fp");
        var chunks = new ChatChunks(head, 1, false, null);
        var reply = new ChatReply(head, 1, null);
        List<JsonNode> pieces = [];
        for (int i = 0; i < written.Length; i++)
        {
            bool last = i == written.Length - 1;
            ChatUpdate update = splitter.Split(new CompletionUpdate
            {
                Text = written[i], TokenId = i, FinishReason = last ? FinishReason.Stop : FinishReason.None, Usage = last ? new TokenUsage(3, 5, 0) : null,
            });
            reply.Add(update);
            for (int remaining = chunks.CountFor(update); remaining > 0; remaining--)
            {
                var utf8 = new ArrayBufferWriter<byte>();
                using (var json = new Utf8JsonWriter(utf8))
                    chunks.Write(json, update, remaining);
                pieces.Add(JsonNode.Parse(utf8.WrittenSpan)!);
            }
        }
        Assert.Equal("Let me see.", Assert.Single(pieces.ChatTexts()));
        JsonNode[] called = [.. pieces.SelectMany(piece => piece["choices"]![0]!["delta"]!["tool_calls"]?.AsArray() ?? []).Select(call => call!)];
        Assert.Equal(Enumerable.Range(0, calls), called.Select(call => (int)call["index"]!));
        Assert.Equal(((string[])["f", "g"])[..calls], called.Select(call => (string)call["function"]!["name"]!));
        Assert.Equal(["tool_calls"], pieces.Select(piece => (string?)piece["choices"]![0]!["finish_reason"]).OfType<string>());
        JsonNode message = reply.ToJson()["choices"]![0]!["message"]!;
        Assert.Equal("Let me see.", (string?)message["content"]);
        Assert.Equal(called.Select(call => (string)call["id"]!), message["tool_calls"]!.AsArray().Select(call => (string)call!["id"]!));
        Assert.Equal(called.Select(call => (string)call["function"]!["arguments"]!), message["tool_calls"]!.AsArray().Select(call => (string)call!["function"]!["arguments"]!));
        Assert.Equal(calls, splitter.ToMessage().Contents.OfType<Microsoft.Extensions.AI.FunctionCallContent>().Count());
    }

    [Theory]
    [InlineData("\"tools\": {}", "tools")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {\"nonsense\": 1}}}], \"tool_choice\": \"required\"", "tools")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {\"nonsense\": 1}}}], \"tool_choice\": \"required\", \"stream\": true", "tools")]
    [InlineData("\"tools\": [3]", "tools[0]")]
    [InlineData("\"tools\": [{\"function\": {\"name\": \"f\"}}]", "tools[0].type")]
    [InlineData("\"tools\": [{\"type\": \"web_search\"}]", "tools[0].type")]
    [InlineData("\"tools\": [{\"type\": \"function\"}]", "tools[0].function")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {}}]", "tools[0].function.name")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"a b\"}}]", "tools[0].function.name")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": []}}]", "tools[0].function.parameters")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"strict\": true}}]", "tools[0].function.strict")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"extra\": true}}]", "tools[0].function.extra")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}, {\"type\": \"function\", \"function\": {\"name\": \"f\"}}]", "tools[1].function.name")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}], \"response_format\": {\"type\": \"json_object\"}", "response_format")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}], \"tool_choice\": \"any\"", "tool_choice")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}], \"tool_choice\": 3", "tool_choice")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}], \"tool_choice\": {\"type\": \"function\"}", "tool_choice.function")]
    [InlineData("\"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\"}}], \"tool_choice\": {\"type\": \"function\", \"function\": {\"name\": \"g\"}}", "tool_choice")]
    [InlineData("\"tool_choice\": \"required\"", "tool_choice")]
    [InlineData("\"parallel_tool_calls\": 3", "parallel_tool_calls")]
    public async Task What_is_wrong_is_refused_by_name(string fields, string name)
    {
        Reply reply = await _server.PostAsync(Path, $$"""{"messages": [{"role": "user", "content": "a"}], "max_tokens": 1, {{fields}}}""");
        Assert.True(reply.Status == 400, reply.Text);
        Assert.Equal(name, reply.Parameter);
    }

    [Fact]
    public async Task A_model_without_tools_refuses_them()
    {
        await using TestServer plain = await TestServer.StartAsync();
        Reply reply = await plain.PostAsync(Path, $$"""{"messages": [{"role": "user", "content": "a"}], "tools": {{Tools}}}""");
        Assert.Equal((400, "no_tools", "tools"), (reply.Status, reply.Code, reply.Parameter));
    }
}
