using System.Text.Json.Nodes;
using LlamaEngine.Tests;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Cli.Tests.Clients;

/// <summary>OpenAI's client for Node against <c>serve</c>: one run of <c>client.mjs</c>, whose results are looked at subject by subject.</summary>
[Collection(ClientServer.Tests)]
public sealed class NodeClientTests(ClientServer server, NodeResults results) : IClassFixture<NodeResults>
{
    private static readonly GenerationOptions s_greedy = new() { Temperature = 0 };

    private static Prompt Camera => Prompt.FromUser("What is a camera?");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chat()
    {
        JsonNode result = await results.GetAsync(server, "chat");
        Completion expected = await server.Engine.CompleteAsync(Camera, s_greedy with { TopLogProbabilities = 2 }, Token);
        JsonNode choice = result["whole"]!["choices"]![0]!;
        Assert.Equal((expected.Text, "stop"), ((string)choice["message"]!["content"]!, (string)choice["finish_reason"]!));
        JsonArray tokens = choice["logprobs"]!["content"]!.AsArray();
        Assert.Equal(expected.LogProbabilities[..^1], tokens.Select(token => (float)token!["logprob"]!));
        Assert.All(tokens, token => Assert.Equal(2, token!["top_logprobs"]!.AsArray().Count));
        AssertUsage(expected, result["whole"]!["usage"]);
        var several = new GenerationOptions { Choices = 3, Seed = 5, Temperature = 1.2f, MaxTokens = 12 };
        Assert.Equal((await server.Engine.CompleteAllAsync(Camera, several, Token)).Select(one => one.Text), Texts(result["choices"]));
        Assert.Equal(
            (expected.Text[..expected.Text.IndexOf("equip", StringComparison.Ordinal)], "stop"),
            ((string)result["stopped"]!["message"]!["content"]!, (string)result["stopped"]!["finish_reason"]!));
    }

    [Fact]
    public async Task Streaming()
    {
        JsonNode result = await results.GetAsync(server, "streaming");
        Completion expected = await server.Engine.CompleteAsync(Camera, new GenerationOptions { Temperature = 1, Seed = 7, MaxTokens = 40 }, Token);
        JsonNode whole = result["whole"]!["choices"]![0]!;
        Assert.Equal(expected.Text, (string)whole["message"]!["content"]!);
        Assert.Equal((expected.Text, (string)whole["finish_reason"]!), ((string)result["pieces"]!["text"]!, (string)result["pieces"]!["finish"]!));
        Assert.Equal(expected.Text, (string)result["helper"]!);
        AssertUsage(expected, result["pieces"]!["usage"]);
    }

    [Fact]
    public async Task Completions()
    {
        JsonNode result = await results.GetAsync(server, "completions");
        var options = new GenerationOptions { MaxTokens = 8, Temperature = 1, Seed = 2, IgnoreEndTokens = true, TopLogProbabilities = 2 };
        Completion[] expected = [await server.Engine.CompleteAsync("A river is", options, Token), await server.Engine.CompleteAsync("Music", options, Token)];
        JsonArray choices = result["whole"]!["choices"]!.AsArray();
        Assert.Equal(expected.Select(one => one.Text), choices.Select(choice => (string)choice!["text"]!));
        Assert.Equal(
            expected.SelectMany(one => one.LogProbabilities),
            choices.SelectMany(choice => choice!["logprobs"]!["token_logprobs"]!.AsArray()).Select(value => (float)value!));
        Assert.Equal(16, (int)result["whole"]!["usage"]!["completion_tokens"]!);
        Assert.Equal(expected[0].Text, (string)result["pieces"]!);
    }

    [Fact]
    public async Task Embeddings()
    {
        JsonNode result = await results.GetAsync(server, "embeddings");
        float[][] expected = [await EmbedAsync("river"), await EmbedAsync("lake")];
        Assert.Equal(expected, result["vectors"]!.AsArray().Select(Floats));
        Assert.Equal(expected[1], Floats(result["float"]));
        Assert.Equal(server.Engine.Tokenize("river").Length + server.Engine.Tokenize("lake").Length, (int)result["usage"]!["prompt_tokens"]!);

        async Task<float[]> EmbedAsync(string text) => (await server.Engine.EmbedAsync(text, new EmbeddingOptions { Normalize = true }, Token)).Vector.ToArray();
        static float[] Floats(JsonNode? vector) => [.. vector!.AsArray().Select(value => (float)(double)value!)];
    }

    [Fact]
    public async Task Models()
    {
        JsonNode result = await results.GetAsync(server, "models");
        Assert.Equal([ClientServer.Model, ClientServer.ToolModel], Texts(result["list"]));
        Assert.Equal([ClientServer.ToolModel, "model", "llama-engine"], Texts(result["one"]));
    }

    [Fact]
    public async Task Files()
    {
        JsonNode result = await results.GetAsync(server, "files");
        Assert.Equal("""["a b.jsonl","batch",7]""", result["file"]!.ToJsonString());
        Assert.Equal((true, "a b.jsonl", "content", true),
            ((bool)result["listed"]!, (string)result["again"]!, (string)result["content"]!, (bool)result["deleted"]!));
        Assert.Equal(("NotFoundError", 404), ((string)result["gone"]![0]!, (int)result["gone"]![1]!));
    }

    [Fact]
    public async Task Batches()
    {
        JsonNode result = await results.GetAsync(server, "batches");
        Assert.Equal(("completed", "tests", true), ((string)result["status"]!, (string)result["metadata"]!["who"]!, (bool)result["listed"]!));
        Assert.Equal("""{"total":7,"completed":6,"failed":1}""", result["counts"]!.ToJsonString());
        JsonArray lines = result["results"]!.AsArray();
        int[] right = [0, 1, 2, 4, 5, 6];
        Assert.Equal(right.Select(n => $"item-{n}"), lines.Select(line => (string)line!["custom_id"]!));
        foreach ((int n, JsonNode? line) in right.Zip(lines))
        {
            Completion expected = await server.Engine.CompleteAsync($"word {n}", s_greedy with { MaxTokens = 6 }, Token);
            Assert.Equal(expected.Text, (string)line!["response"]!["body"]!["choices"]![0]!["text"]!);
        }
        JsonNode error = Assert.Single(result["errors"]!.AsArray())!;
        Assert.Equal(("item-3", 400, "temperature"),
            ((string)error["custom_id"]!, (int)error["response"]!["status_code"]!, (string)error["response"]!["body"]!["error"]!["param"]!));
    }

    [Fact]
    public async Task Structured_output()
    {
        JsonNode result = await results.GetAsync(server, "structured");
        var options = new GenerationOptions { Temperature = 1, Seed = 3, ResponseFormat = ResponseFormat.JsonSchema(Tool.Parameters) };
        Completion expected = await server.Engine.CompleteAsync(Prompt.FromUser("river"), options, Token);
        Assert.Equal((expected.Text, "stop"), ((string)result["whole"]!["message"]!["content"]!, (string)result["whole"]!["finish_reason"]!));
        Assert.Equal(expected.Text, (string)result["pieces"]!);
        AssertAccepted(result["value"]!);
        Completion any = await server.Engine.CompleteAsync(Prompt.FromUser("river"), options with { ResponseFormat = ResponseFormat.JsonObject }, Token);
        Assert.Equal(any.Text, (string)result["any"]!);
    }

    [Fact]
    public async Task Tools()
    {
        JsonNode result = await results.GetAsync(server, "tools");
        JsonNode forced = result["forced"]!, call = Assert.Single(forced["message"]!["tool_calls"]!.AsArray())!;
        Assert.Equal(("tool_calls", "find"), ((string)forced["finish_reason"]!, (string)call["function"]!["name"]!));
        JsonNode arguments = JsonNode.Parse((string)call["function"]!["arguments"]!)!;
        AssertAccepted(arguments);
        JsonNode piece = Assert.Single(result["pieces"]!["calls"]!.AsArray())!;
        Assert.Equal(("find", (string)call["function"]!["arguments"]!), ((string)piece["function"]!["name"]!, (string)piece["function"]!["arguments"]!));
        Assert.Equal(arguments.ToJsonString(), Assert.Single(result["called"]!.AsArray())!.ToJsonString());
        ChatMessage[] messages =
        [
            new(ChatRole.User, "river"),
            new(ChatRole.Assistant, [new FunctionCallContent("c", "find", arguments.AsObject().ToDictionary(one => one.Key, object? (one) => one.Value))]),
            new(ChatRole.Tool, [new FunctionResultContent("c", "water that flows")]),
        ];
        Completion next = await server.ToolEngine.CompleteAsync(Prompt.FromMessages(messages, [Tool]), s_greedy with { MaxTokens = 300 }, Token);
        Assert.Equal(next.Text, (string)result["next"]!["choices"]![0]!["message"]!["content"]!);
        Assert.Equal(next.Usage.PromptTokens, (int)result["next"]!["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task Errors()
    {
        string[] expected =
        [
            """["NotFoundError",404,"model_not_found","model"]""",
            """["BadRequestError",400,"invalid_value","temperature"]""",
            """["BadRequestError",400,"unsupported_parameter","modalities"]""",
            """["BadRequestError",400,"unsupported_parameter","messages[0].content[0].type"]""",
            """["BadRequestError",400,"unsupported_schema","response_format.json_schema.schema"]""",
            """["BadRequestError",400,"no_tools","tools"]""",
            """["NotFoundError",404,"model_not_found","model"]""",
            """["NotFoundError",404,"model_not_found","model"]""",
            """["NotFoundError",404,null,"batch_id"]""",
            """["AuthenticationError",401,"invalid_api_key",null]""",
            """["RateLimitError",429,"rate_limit_exceeded",null]""",
        ];
        Assert.Equal(expected, (await results.GetAsync(server, "errors")).AsArray().Select(error => error!.ToJsonString()));
    }

    private static ToolDefinition Tool => new("find", "Finds a word.", System.Text.Json.JsonElement.Parse("""
        {"type": "object", "properties": {"word": {"enum": ["river", "lake"]}, "count": {"type": "integer", "minimum": 1, "maximum": 9}},
         "required": ["word", "count"], "additionalProperties": false}
        """));

    private static void AssertAccepted(JsonNode value)
    {
        Assert.Contains((string)value["word"]!, (string[])["river", "lake"]);
        Assert.InRange((int)value["count"]!, 1, 9);
        Assert.Equal(2, value.AsObject().Count);
    }

    private static void AssertUsage(Completion expected, JsonNode? usage) => Assert.Equal(
        (expected.Usage.PromptTokens, expected.Usage.CompletionTokens, expected.Usage.TotalTokens),
        ((int)usage!["prompt_tokens"]!, (int)usage["completion_tokens"]!, (int)usage["total_tokens"]!));

    private static string[] Texts(JsonNode? list) => [.. list!.AsArray().Select(text => (string)text!)];
}

/// <summary>What <c>client.mjs</c> gave, run once.</summary>
public sealed class NodeResults
{
    private static readonly NodeProgram s_program = new("LlamaEngine.Cli.Tests", "Clients", "Node");

    private JsonNode? _all;

    /// <summary>The results of a subject; skips the test where there is no Node, and fails it where the client met an error.</summary>
    public async Task<JsonNode> GetAsync(ClientServer server, string subject)
    {
        _all ??= JsonNode.Parse(await s_program.RunAsync("client.mjs", "", server.Url.ToString(), ClientServer.Key, ClientServer.NodeSingleKey))!;
        JsonNode result = _all[subject]!;
        if (result is JsonObject failed && failed["failed"] is { } reason)
            Assert.Fail((string)reason!);
        return result;
    }
}
