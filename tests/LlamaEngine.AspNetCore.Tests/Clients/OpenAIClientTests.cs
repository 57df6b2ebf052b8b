using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Embeddings;
using OpenAI.Models;

namespace LlamaEngine.AspNetCore.Tests.Clients;

/// <summary>OpenAI's own client for .NET against the server: what it gets is what the engine gives in process.</summary>
public sealed class OpenAIClientTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private static readonly GenerationOptions s_greedy = new() { Temperature = 0 };

    private static readonly ChatMessage[] s_camera = [new UserChatMessage("What is a camera?")];

    private TestServer Server => fixture.Server;

    private OpenAIClient Client => new(new ApiKeyCredential("none"), new OpenAIClientOptions
    {
        Endpoint = new Uri(Server.Url, "/v1"),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
    });

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Chat()
    {
        Completion expected = await Server.Engine.CompleteAsync(Prompt.FromUser("What is a camera?"), s_greedy with { TopLogProbabilities = 2 }, Token);
        var options = new ChatCompletionOptions { Temperature = 0, IncludeLogProbabilities = true, TopLogProbabilityCount = 2, EndUserId = "u" };
        ChatCompletion reply = await Client.GetChatClient(TestServer.Model).CompleteChatAsync(s_camera, options, Token);
        Assert.Equal((expected.Text, ChatFinishReason.Stop, ChatMessageRole.Assistant), (Assert.Single(reply.Content).Text, reply.FinishReason, reply.Role));
        Assert.Equal(expected.LogProbabilities[..^1], reply.ContentTokenLogProbabilities.Select(token => token.LogProbability));
        Assert.All(reply.ContentTokenLogProbabilities, token => Assert.Equal(2, token.TopLogProbabilities.Count));
        Assert.Equal(
            (expected.Usage.PromptTokens, expected.Usage.CompletionTokens), (reply.Usage.InputTokenCount, reply.Usage.OutputTokenCount));
        Assert.Equal(TestServer.Model, reply.Model);
    }

    [Fact]
    public async Task Chat_in_pieces()
    {
        Completion expected = await Server.Engine.CompleteAsync(Prompt.FromUser("What is a camera?"), s_greedy, Token);
        string text = "";
        ChatFinishReason? reason = null;
        ChatTokenUsage? usage = null;
        await foreach (StreamingChatCompletionUpdate update in Client.GetChatClient(TestServer.Model)
            .CompleteChatStreamingAsync(s_camera, new ChatCompletionOptions { Temperature = 0 }, Token))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            reason = update.FinishReason ?? reason;
            usage = update.Usage ?? usage;
        }
        Assert.Equal((expected.Text, ChatFinishReason.Stop), (text, reason));
        Assert.Equal(expected.Usage.TotalTokens, usage!.TotalTokenCount); // the client asks for it by itself
    }

    [Fact]
    public async Task Length_stops_and_roles()
    {
        Microsoft.Extensions.AI.ChatMessage[] same =
        [
            new(Microsoft.Extensions.AI.ChatRole.System, "Be brief."), new(Microsoft.Extensions.AI.ChatRole.User, "river"),
            new(Microsoft.Extensions.AI.ChatRole.Assistant, "water"), new(Microsoft.Extensions.AI.ChatRole.User, "lake"),
        ];
        Completion expected = await Server.Engine.CompleteAsync(
            Prompt.FromMessages(same), s_greedy with { MaxTokens = 9, StopStrings = ["zz", "("], FrequencyPenalty = 1, PresencePenalty = 1 }, Token);
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 9, FrequencyPenalty = 1, PresencePenalty = 1 };
        options.StopSequences.Add("zz");
        options.StopSequences.Add("(");
        ChatMessage[] messages = [new SystemChatMessage("Be brief."), new UserChatMessage("river"), new AssistantChatMessage("water"), new UserChatMessage("lake")];
        ChatCompletion reply = await Client.GetChatClient(TestServer.Model).CompleteChatAsync(messages, options, Token);
        Assert.Equal(expected.Text, string.Concat(reply.Content.Select(part => part.Text)));
        Assert.Equal(expected.FinishReason == FinishReason.Stop ? ChatFinishReason.Stop : ChatFinishReason.Length, reply.FinishReason);
    }

    /// <summary>The client has no members for n and completions: it sends and gives them as they are.</summary>
    [Fact]
    public async Task Several_choices_with_a_seed_twice_alike()
    {
        const string Body = """{"model": "lexicon-5m-q8_0", "messages": [{"role": "user", "content": "river"}], "n": 4, "seed": 11, "temperature": 1.2, "max_tokens": 16}""";
        string[] texts = await Texts();
        Assert.Equal(4, texts.Length);
        Assert.Equal(texts, await Texts());
        Assert.True(texts.Distinct().Count() > 1);

        async Task<string[]> Texts()
        {
            ClientResult result = await Client.GetChatClient(TestServer.Model).CompleteChatAsync(BinaryContent.Create(BinaryData.FromString(Body)));
            return [.. JsonNode.Parse(result.GetRawResponse().Content)!["choices"]!.AsArray().Select(choice => (string)choice!["message"]!["content"]!)];
        }
    }

    [Fact]
    public async Task Embeddings()
    {
        OpenAIEmbeddingCollection reply = await Client.GetEmbeddingClient(TestServer.Model).GenerateEmbeddingsAsync(["river", "lake"], cancellationToken: Token);
        foreach ((OpenAIEmbedding embedding, string text) in reply.Zip(["river", "lake"]))
        {
            PromptEmbedding expected = await Server.Engine.EmbedAsync(text, new EmbeddingOptions { Normalize = true }, Token);
            Assert.Equal(expected.Vector.ToArray(), embedding.ToFloats().ToArray());
        }
        Assert.Equal(Server.Engine.Tokenize("river").Length + Server.Engine.Tokenize("lake").Length, reply.Usage.InputTokenCount);
    }

    [Fact]
    public async Task Models()
    {
        OpenAIModelClient client = Client.GetOpenAIModelClient();
        OpenAIModelCollection models = await client.GetModelsAsync(Token);
        Assert.Equal([TestServer.Model], models.Select(model => model.Id));
        OpenAIModel model = await client.GetModelAsync(TestServer.Model, Token);
        Assert.Equal((TestServer.Model, "llama-engine"), (model.Id, model.OwnedBy));
        var error = await Assert.ThrowsAsync<ClientResultException>(() => client.GetModelAsync("gpt-4", Token));
        Assert.Equal(404, error.Status);
    }

    [Fact]
    public async Task Errors_carry_status_and_message()
    {
        var error = await Assert.ThrowsAsync<ClientResultException>(
            () => Client.GetChatClient("gpt-4").CompleteChatAsync(s_camera, null, Token));
        Assert.Equal(404, error.Status);
        Assert.Contains("There is no model named 'gpt-4'", error.Message, StringComparison.Ordinal);
    }
}
