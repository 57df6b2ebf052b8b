#pragma warning disable OPENAI001 // The client says so of seeds; it is what programs use.
using System.Text.Json;
using LlamaEngine.Tools;
using Microsoft.Extensions.AI;
using OpenAI.Chat;
using ChatFinishReason = OpenAI.Chat.ChatFinishReason;
using ChatMessage = OpenAI.Chat.ChatMessage;
using ChatResponseFormat = OpenAI.Chat.ChatResponseFormat;
using MeaiMessage = Microsoft.Extensions.AI.ChatMessage;

namespace LlamaEngine.Cli.Tests.Clients;

/// <summary>OpenAI's client for .NET: structured output, and tools.</summary>
[Collection(ClientServer.Tests)]
public sealed class DotNetFormTests(ClientServer server)
{
    private const string Parameters =
        """{"type": "object", "properties": {"word": {"enum": ["river", "lake"]}, "count": {"type": "integer", "minimum": 1, "maximum": 9}}, "required": ["word", "count"], "additionalProperties": false}""";

    private static readonly GenerationOptions s_sampled = new() { Temperature = 1, Seed = 3 };

    private ChatClient Chat => server.CreateClient().GetChatClient(ClientServer.Model);

    private ChatClient Tools => server.CreateClient().GetChatClient(ClientServer.ToolModel);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static ToolDefinition Tool => new("find", "Finds a word.", JsonElement.Parse(Parameters));

    [Fact]
    public async Task What_a_schema_accepts_comes_whole_and_in_pieces()
    {
        ChatCompletionOptions Options() => new()
        {
            Temperature = 1, Seed = 3,
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("word_count", BinaryData.FromString(Parameters), "Counts words.", jsonSchemaIsStrict: true),
        };
        Completion expected = await server.Engine.CompleteAsync(
            Prompt.FromUser("river"), s_sampled with { ResponseFormat = ResponseFormat.JsonSchema(JsonElement.Parse(Parameters)) }, Token);
        ChatCompletion reply = await Chat.CompleteChatAsync([new UserChatMessage("river")], Options(), Token);
        string text = Assert.Single(reply.Content).Text;
        Assert.Equal((expected.Text, ChatFinishReason.Stop), (text, reply.FinishReason));
        AssertAccepted(text);
        string pieces = "";
        await foreach (StreamingChatCompletionUpdate update in Chat.CompleteChatStreamingAsync([new UserChatMessage("river")], Options(), Token))
            pieces += string.Concat(update.ContentUpdate.Select(part => part.Text));
        Assert.Equal(text, pieces);
    }

    [Fact]
    public async Task Any_object()
    {
        var options = new ChatCompletionOptions { Temperature = 1, Seed = 3, ResponseFormat = ChatResponseFormat.CreateJsonObjectFormat() };
        ChatCompletion reply = await Chat.CompleteChatAsync([new UserChatMessage("river")], options, Token);
        Completion expected = await server.Engine.CompleteAsync(Prompt.FromUser("river"), s_sampled with { ResponseFormat = ResponseFormat.JsonObject }, Token);
        Assert.Equal((expected.Text, ChatFinishReason.Stop), (Assert.Single(reply.Content).Text, reply.FinishReason));
        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(reply.Content[0].Text).ValueKind);
    }

    [Fact]
    public async Task A_call_that_is_demanded_comes_whole_and_in_pieces()
    {
        ChatCompletionOptions options = Options(ChatToolChoice.CreateFunctionChoice("find"));
        ChatCompletion reply = await Tools.CompleteChatAsync([new UserChatMessage("river")], options, Token);
        Assert.Equal((ChatFinishReason.ToolCalls, 0), (reply.FinishReason, reply.Content.Count));
        ChatToolCall call = Assert.Single(reply.ToolCalls);
        Assert.Equal("find", call.FunctionName);
        AssertAccepted(call.FunctionArguments.ToString());
        List<StreamingChatToolCallUpdate> updates = [];
        await foreach (StreamingChatCompletionUpdate update in Tools.CompleteChatStreamingAsync([new UserChatMessage("river")], options, Token))
            updates.AddRange(update.ToolCallUpdates);
        Assert.Equal("find", string.Concat(updates.Select(update => update.FunctionName)));
        Assert.Equal(call.FunctionArguments.ToString(), string.Concat(updates.Select(update => update.FunctionArgumentsUpdate?.ToString())));
    }

    /// <summary>The model decides from then on: it is told of the tools, of its call and of the result, and answers in words.</summary>
    [Fact]
    public async Task The_result_of_a_call_goes_back_to_the_model()
    {
        ChatCompletion asked = await Tools.CompleteChatAsync([new UserChatMessage("river")], Options(ChatToolChoice.CreateRequiredChoice()), Token);
        ChatToolCall call = Assert.Single(asked.ToolCalls);
        ChatMessage[] messages = [new UserChatMessage("river"), new AssistantChatMessage(asked), new ToolChatMessage(call.Id, "water that flows")];
        ChatCompletion reply = await Tools.CompleteChatAsync(messages, Options(ChatToolChoice.CreateAutoChoice()), Token);
        Dictionary<string, object?> arguments = JsonElement.Parse(call.FunctionArguments).EnumerateObject().ToDictionary(one => one.Name, object? (one) => one.Value.Clone());
        MeaiMessage[] same =
        [
            new(ChatRole.User, "river"), new(ChatRole.Assistant, [new FunctionCallContent(call.Id, "find", arguments)]),
            new(ChatRole.Tool, [new FunctionResultContent(call.Id, "water that flows")]),
        ];
        Completion expected = await server.ToolEngine.CompleteAsync(Prompt.FromMessages(same, [Tool]), new GenerationOptions { Temperature = 0, MaxTokens = 300 }, Token);
        Assert.Empty(reply.ToolCalls);
        Assert.Equal(expected.Text, string.Concat(reply.Content.Select(part => part.Text)));
        Assert.Equal(expected.Usage.PromptTokens, reply.Usage.InputTokenCount);
    }

    private static ChatCompletionOptions Options(ChatToolChoice choice) => new()
    {
        Temperature = 0, MaxOutputTokenCount = 300, ToolChoice = choice, AllowParallelToolCalls = false,
        Tools = { ChatTool.CreateFunctionTool("find", "Finds a word.", BinaryData.FromString(Parameters)) },
    };

    private static void AssertAccepted(string json)
    {
        JsonElement value = JsonElement.Parse(json);
        Assert.Contains(value.GetProperty("word").GetString(), (string[])["river", "lake"]);
        Assert.InRange(value.GetProperty("count").GetInt32(), 1, 9);
        Assert.Equal(2, value.EnumerateObject().Count());
    }
}
