using System.ClientModel;
using System.Text.Json.Nodes;
using OpenAI.Chat;

namespace LlamaEngine.Cli.Tests.Clients;

/// <summary>OpenAI's client for .NET: errors are its exceptions, with the status, code and parameter that the server means.</summary>
[Collection(ClientServer.Tests)]
public sealed class DotNetErrorTests(ClientServer server)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"model": "gpt-4", "messages": [{"role": "user", "content": "a"}]}""", 404, "model_not_found", "model")]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}], "temperature": 3}""", 400, "invalid_value", "temperature")]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}], "modalities": ["audio"]}""", 400, "unsupported_parameter", "modalities")]
    [InlineData("""{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}""", 400, "unsupported_parameter", "messages[0].content[0].type")]
    [InlineData("""{"temperature": 1}""", 400, "missing_required_parameter", "messages")]
    [InlineData("""{"messages": [""", 400, "invalid_json", null)]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}], "tools": [{"type": "function", "function": {"name": "f"}}]}""", 400, "no_tools", "tools")]
    [InlineData(
        """{"messages": [{"role": "user", "content": "a"}], "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"not": {"type": "null"}}}}}""",
        400, "unsupported_schema", "response_format.json_schema.schema")]
    public async Task What_is_wrong_with_a_request(string body, int status, string code, string? parameter)
    {
        ChatClient chat = server.CreateClient().GetChatClient(ClientServer.Model);
        var error = await Assert.ThrowsAsync<ClientResultException>(() => chat.CompleteChatAsync(BinaryContent.Create(BinaryData.FromString(body))));
        Assert.Equal((status, code, parameter), Read(error));
        // The client's own text has the server's message.
        Assert.Contains((string)Envelope(error)["message"]!, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_method_is_called()
    {
        var model = await Assert.ThrowsAsync<ClientResultException>(() => server.CreateClient().GetOpenAIModelClient().GetModelAsync("gpt-4", Token));
        Assert.Equal((404, "model_not_found", "model"), Read(model));
        var embedding = await Assert.ThrowsAsync<ClientResultException>(
            () => server.CreateClient().GetEmbeddingClient("gpt-4").GenerateEmbeddingsAsync(["a"], cancellationToken: Token));
        Assert.Equal((404, "model_not_found", "model"), Read(embedding));
        var stream = await Assert.ThrowsAsync<ClientResultException>(async () =>
        {
            await foreach (StreamingChatCompletionUpdate _ in server.CreateClient().GetChatClient("gpt-4").CompleteChatStreamingAsync([new UserChatMessage("a")], null, Token))
                Assert.Fail("There is no such model.");
        });
        Assert.Equal((404, "model_not_found", "model"), Read(stream));
    }

    [Fact]
    public async Task Keys_and_their_limits()
    {
        var unknown = await Assert.ThrowsAsync<ClientResultException>(() => AskAsync("sk-unknown"));
        Assert.Equal((401, "invalid_api_key", null), Read(unknown));
        await AskAsync(ClientServer.DotNetSingleKey);
        var limited = await Assert.ThrowsAsync<ClientResultException>(() => AskAsync(ClientServer.DotNetSingleKey));
        Assert.Equal((429, "rate_limit_exceeded", null), Read(limited));
        Assert.True(limited.GetRawResponse()!.Headers.TryGetValue("Retry-After", out string? seconds) && int.Parse(seconds!, null) > 0);

        Task AskAsync(string key) => server.CreateClient(key).GetChatClient(ClientServer.Model)
            .CompleteChatAsync([new UserChatMessage("a")], new ChatCompletionOptions { MaxOutputTokenCount = 1 }, Token);
    }

    private static (int Status, string? Code, string? Parameter) Read(ClientResultException error) =>
        (error.Status, (string?)Envelope(error)["code"], (string?)Envelope(error)["param"]);

    private static JsonNode Envelope(ClientResultException error) => JsonNode.Parse(error.GetRawResponse()!.Content)!["error"]!;
}
