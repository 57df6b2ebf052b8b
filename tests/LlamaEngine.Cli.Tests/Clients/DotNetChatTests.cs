#pragma warning disable OPENAI001 // The client says so of seeds; it is what programs use.
using System.ClientModel;
using System.Text.Json.Nodes;
using OpenAI.Chat;

namespace LlamaEngine.Cli.Tests.Clients;

/// <summary>OpenAI's client for .NET, chats: what it gets from <c>serve</c> is what the engine gives in process.</summary>
[Collection(ClientServer.Tests)]
public sealed class DotNetChatTests(ClientServer server)
{
    private static readonly ChatMessage[] s_camera = [new UserChatMessage("What is a camera?")];

    private static readonly GenerationOptions s_greedy = new() { Temperature = 0 };

    private ChatClient Chat => server.CreateClient().GetChatClient(ClientServer.Model);

    private static Prompt Camera => Prompt.FromUser("What is a camera?");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whole()
    {
        Completion expected = await server.Engine.CompleteAsync(Camera, s_greedy with { TopLogProbabilities = 2 }, Token);
        var options = new ChatCompletionOptions { Temperature = 0, IncludeLogProbabilities = true, TopLogProbabilityCount = 2, EndUserId = "u" };
        ChatCompletion reply = await Chat.CompleteChatAsync(s_camera, options, Token);
        Assert.Equal((expected.Text, ChatFinishReason.Stop, ChatMessageRole.Assistant), (Assert.Single(reply.Content).Text, reply.FinishReason, reply.Role));
        Assert.Equal(expected.LogProbabilities[..^1], reply.ContentTokenLogProbabilities.Select(token => token.LogProbability));
        Assert.Equal(expected.Text, string.Concat(reply.ContentTokenLogProbabilities.Select(token => token.Token)));
        Assert.All(reply.ContentTokenLogProbabilities, token => Assert.Equal(2, token.TopLogProbabilities.Count));
        Assert.Equal(
            (expected.Usage.PromptTokens, expected.Usage.CompletionTokens, expected.Usage.TotalTokens),
            (reply.Usage.InputTokenCount, reply.Usage.OutputTokenCount, reply.Usage.TotalTokenCount));
        Assert.Equal(ClientServer.Model, reply.Model);
        Assert.StartsWith("chatcmpl-", reply.Id, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 7)]
    public async Task In_pieces_it_is_the_whole_text_of_the_same_seed(float temperature, long seed)
    {
        ChatCompletionOptions Options() => new() { Temperature = temperature, Seed = seed, MaxOutputTokenCount = 40 };
        ChatCompletion whole = await Chat.CompleteChatAsync(s_camera, Options(), Token);
        string text = "";
        List<ChatFinishReason> reasons = [];
        ChatTokenUsage? usage = null;
        await foreach (StreamingChatCompletionUpdate update in Chat.CompleteChatStreamingAsync(s_camera, Options(), Token))
        {
            text += string.Concat(update.ContentUpdate.Select(part => part.Text));
            if (update.FinishReason is { } reason)
                reasons.Add(reason);
            usage = update.Usage ?? usage; // the client asks for it by itself
        }
        Completion expected = await server.Engine.CompleteAsync(
            Camera, new GenerationOptions { Temperature = temperature, Seed = (ulong)seed, MaxTokens = 40 }, Token);
        Assert.Equal(expected.Text, Assert.Single(whole.Content).Text);
        Assert.Equal((expected.Text, whole.FinishReason), (text, Assert.Single(reasons)));
        Assert.Equal((whole.Usage.InputTokenCount, whole.Usage.OutputTokenCount), (usage!.InputTokenCount, usage.OutputTokenCount));
    }

    [Fact]
    public async Task Length_stops_penalties_and_roles()
    {
        Microsoft.Extensions.AI.ChatMessage[] same =
        [
            new(Microsoft.Extensions.AI.ChatRole.System, "Be brief."), new(Microsoft.Extensions.AI.ChatRole.User, "river"),
            new(Microsoft.Extensions.AI.ChatRole.Assistant, "water"), new(Microsoft.Extensions.AI.ChatRole.User, "lake"),
        ];
        ChatMessage[] messages = [new SystemChatMessage("Be brief."), new UserChatMessage("river"), new AssistantChatMessage("water"), new UserChatMessage("lake")];
        Completion expected = await server.Engine.CompleteAsync(
            Prompt.FromMessages(same), s_greedy with { MaxTokens = 9, FrequencyPenalty = 1, PresencePenalty = 1 }, Token);
        var options = new ChatCompletionOptions { Temperature = 0, MaxOutputTokenCount = 9, FrequencyPenalty = 1, PresencePenalty = 1 };
        ChatCompletion reply = await Chat.CompleteChatAsync(messages, options, Token);
        Assert.Equal((expected.Text, ChatFinishReason.Length, 9), (Assert.Single(reply.Content).Text, reply.FinishReason, reply.Usage.OutputTokenCount));
        string stop = expected.Text[^2..];
        options.StopSequences.Add("zzzz");
        options.StopSequences.Add(stop);
        ChatCompletion stopped = await Chat.CompleteChatAsync(messages, options, Token);
        Assert.Equal(
            (expected.Text[..expected.Text.IndexOf(stop, StringComparison.Ordinal)], ChatFinishReason.Stop),
            (string.Concat(stopped.Content.Select(part => part.Text)), stopped.FinishReason));
    }

    /// <summary>The client has no member for n: it sends and gives it as it is.</summary>
    [Fact]
    public async Task Several_choices_of_a_seed()
    {
        var options = new GenerationOptions { Choices = 4, Seed = 11, Temperature = 1.2f, MaxTokens = 16 };
        IReadOnlyList<Completion> expected = await server.Engine.CompleteAllAsync(Prompt.FromUser("river"), options, Token);
        ClientResult result = await Chat.CompleteChatAsync(BinaryContent.Create(BinaryData.FromString("""
            {"model": "lexicon", "messages": [{"role": "user", "content": "river"}], "n": 4, "seed": 11, "temperature": 1.2, "max_tokens": 16}
            """)));
        JsonNode reply = JsonNode.Parse(result.GetRawResponse().Content)!;
        Assert.Equal(expected.Select(one => one.Text), reply["choices"]!.AsArray().Select(choice => (string)choice!["message"]!["content"]!));
        Assert.Equal(expected.Sum(one => one.Usage.CompletionTokens), (int)reply["usage"]!["completion_tokens"]!);
        Assert.True(expected.Select(one => one.Text).Distinct().Count() > 1);
    }
}
