using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using OpenAI.Embeddings;
using OpenAI.Models;

namespace LlamaEngine.Cli.Tests.Clients;

/// <summary>OpenAI's client for .NET: completions (through its pipeline, since it has no members for them), embeddings and models.</summary>
[Collection(ClientServer.Tests)]
public sealed class DotNetModelTests(ClientServer server)
{
    private static readonly string[] s_prompts = ["A river is", "Music"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static GenerationOptions Sampled => new() { Temperature = 1, Seed = 2, MaxTokens = 8, IgnoreEndTokens = true, TopLogProbabilities = 2 };

    private static JsonObject Body => new()
    {
        ["model"] = ClientServer.Model, ["prompt"] = new JsonArray([.. s_prompts]), ["max_tokens"] = 8, ["temperature"] = 1, ["seed"] = 2, ["ignore_eos"] = true,
        ["logprobs"] = 2,
    };

    [Fact]
    public async Task Completions()
    {
        JsonNode reply = JsonNode.Parse(await server.PostAsync("/completions", Body))!;
        Completion[] expected = await ExpectedAsync();
        Assert.Equal(expected.Select(one => one.Text), reply["choices"]!.AsArray().Select(choice => (string)choice!["text"]!));
        Assert.Equal(
            expected.SelectMany(one => one.LogProbabilities),
            reply["choices"]!.AsArray().SelectMany(choice => choice!["logprobs"]!["token_logprobs"]!.AsArray()).Select(value => (float)value!));
        Assert.All(reply["choices"]!.AsArray(), choice => Assert.Equal("length", (string?)choice!["finish_reason"]));
        Assert.Equal(expected.Sum(one => one.Usage.PromptTokens), (int)reply["usage"]!["prompt_tokens"]!);
        Assert.Equal(16, (int)reply["usage"]!["completion_tokens"]!);
        Assert.Equal(ClientServer.Model, (string?)reply["model"]);
    }

    [Fact]
    public async Task Completions_in_pieces()
    {
        JsonObject body = Body;
        body["stream"] = true;
        string[] texts = new string[s_prompts.Length];
        using Stream events = (await server.PostAsync("/completions", body)).ToStream();
        List<string> data = [.. SseParser.Create(events).Enumerate().Select(item => item.Data)];
        Assert.Equal("[DONE]", data[^1]);
        foreach (JsonNode? choice in data[..^1].SelectMany(one => JsonNode.Parse(one)!["choices"]!.AsArray()))
            texts[(int)choice!["index"]!] += (string?)choice["text"];
        Assert.Equal((await ExpectedAsync()).Select(one => one.Text), texts);
    }

    [Fact]
    public async Task Embeddings()
    {
        EmbeddingClient client = server.CreateClient().GetEmbeddingClient(ClientServer.Model);
        OpenAIEmbeddingCollection reply = await client.GenerateEmbeddingsAsync(["river", "lake"], cancellationToken: Token);
        Assert.Equal([0, 1], reply.Select(one => one.Index));
        foreach ((OpenAIEmbedding embedding, string text) in reply.Zip(["river", "lake"]))
        {
            PromptEmbedding expected = await server.Engine.EmbedAsync(text, new EmbeddingOptions { Normalize = true }, Token);
            Assert.Equal(expected.Vector.ToArray(), embedding.ToFloats().ToArray());
        }
        Assert.Equal(server.Engine.Tokenize("river").Length + server.Engine.Tokenize("lake").Length, reply.Usage.InputTokenCount);
        Assert.Equal(ClientServer.Model, reply.Model);
        OpenAIEmbedding single = await client.GenerateEmbeddingAsync("lake", new EmbeddingGenerationOptions { Dimensions = reply[0].ToFloats().Length }, Token);
        Assert.Equal(reply[1].ToFloats().ToArray(), single.ToFloats().ToArray());
    }

    [Fact]
    public async Task Models()
    {
        OpenAIModelClient client = server.CreateClient().GetOpenAIModelClient();
        OpenAIModelCollection models = await client.GetModelsAsync(Token);
        Assert.Equal([ClientServer.Model, ClientServer.ToolModel], models.Select(model => model.Id));
        OpenAIModel model = await client.GetModelAsync(ClientServer.ToolModel, Token);
        Assert.Equal((ClientServer.ToolModel, "llama-engine"), (model.Id, model.OwnedBy));
    }

    private Task<Completion[]> ExpectedAsync() => Task.WhenAll(s_prompts.Select(prompt => server.Engine.CompleteAsync(prompt, Sampled, Token)));
}
