using LlamaEngine.Clients;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Clients;

/// <summary>What programs that know Microsoft.Extensions.AI only rely on.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class ChatClientTests(LexiconEngine lexicon) : IClassFixture<LexiconEngine>, IDisposable
{
    private readonly LlamaChatClient _client = lexicon.Engine.AsChatClient();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _client.Dispose();

    [Fact]
    public async Task A_response_carries_text_ids_reason_and_usage()
    {
        ChatResponse response = await _client.GetResponseAsync(LexiconEngine.Camera, null, Token);
        ChatResponse again = await _client.GetResponseAsync(LexiconEngine.Camera, null, Token);

        ChatMessage message = Assert.Single(response.Messages);
        Assert.Equal(LexiconEngine.CameraAnswer, response.Text);
        Assert.Equal(ChatRole.Assistant, message.Role);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal(lexicon.Engine.Model.Name, response.ModelId);
        Assert.Null(response.ConversationId);
        Assert.True(DateTimeOffset.UtcNow - response.CreatedAt < TimeSpan.FromMinutes(1));
        string?[] ids = [response.ResponseId, again.ResponseId, message.MessageId, again.Messages[0].MessageId];
        Assert.All(ids, Assert.NotNull);
        Assert.Equal(4, ids.Distinct().Count());
        var completion = Assert.IsType<Completion>(response.RawRepresentation);
        Assert.Equal(lexicon.Engine.Tokenize(Prompt.FromUser(LexiconEngine.Camera)).Length, response.Usage!.InputTokenCount);
        Assert.Equal(completion.Tokens.Length, response.Usage.OutputTokenCount);
        Assert.Equal(response.Usage.InputTokenCount + response.Usage.OutputTokenCount, response.Usage.TotalTokenCount);
        Assert.Equal(completion.Usage.CachedTokens, response.Usage.CachedInputTokenCount);
        Assert.True(again.Usage!.CachedInputTokenCount > 0, "the second time, the prefix cache has it");
    }

    [Fact]
    public async Task A_response_is_what_the_engine_gives_for_the_same_options()
    {
        var options = new ChatOptions { Temperature = 1.5f, TopK = 50, Seed = 11, MaxOutputTokens = 12, StopSequences = [";"] };
        ChatMessage[] messages =
        [
            new(ChatRole.User, LexiconEngine.Camera), new(ChatRole.Assistant, LexiconEngine.CameraAnswer),
            new(ChatRole.User, [new TextContent("Define "), new TextReasoningContent("hm"), new TextContent("freedom.")]),
        ];
        ChatResponse response = await _client.GetResponseAsync(messages, options, Token);
        Completion expected = await lexicon.Engine.CompleteAsync(
            Prompt.FromMessages([messages[0], messages[1], new ChatMessage(ChatRole.User, "Define freedom.")]),
            new GenerationOptions { Temperature = 1.5f, TopK = 50, Seed = 11, MaxTokens = 12, StopStrings = [";"] },
            Token);
        Assert.Equal(expected.Text, response.Text);
        Assert.Equal(expected.Tokens, ((Completion)response.RawRepresentation!).Tokens);
        Assert.Equal(expected.Usage.PromptTokens, response.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task Instructions_go_before_the_messages_as_the_systems()
    {
        ChatResponse response = await _client.GetResponseAsync(LexiconEngine.Camera, new ChatOptions { Instructions = "Be brief." }, Token);
        int[] tokens = lexicon.Engine.Tokenize(
            Prompt.FromMessages([new ChatMessage(ChatRole.System, "Be brief."), new ChatMessage(ChatRole.User, LexiconEngine.Camera)]));
        Assert.Equal(tokens.Length, response.Usage!.InputTokenCount);
    }

    [Theory]
    [InlineData(1, "length")]
    [InlineData(5, "length")]
    [InlineData(200, "stop")]
    public async Task Updates_add_up_to_the_response(int most, string reason)
    {
        var options = new ChatOptions { MaxOutputTokens = most };
        ChatResponse whole = await _client.GetResponseAsync(LexiconEngine.Camera, options, Token);
        List<ChatResponseUpdate> updates = await Collect(_client.GetStreamingResponseAsync(LexiconEngine.Camera, options, Token));
        ChatResponse sum = updates.ToChatResponse();

        Assert.Equal(whole.Text, sum.Text);
        Assert.Equal(new ChatFinishReason(reason), sum.FinishReason);
        Assert.Equal(whole.FinishReason, sum.FinishReason);
        Assert.Equal(whole.ModelId, sum.ModelId);
        Assert.Equal(whole.Messages.Select(message => (message.Role, message.Contents.Count)), sum.Messages.Select(message => (message.Role, message.Contents.Count)));
        Assert.Equal(whole.Usage!.InputTokenCount, sum.Usage!.InputTokenCount);
        Assert.Equal(whole.Usage.OutputTokenCount, sum.Usage.OutputTokenCount);
        Assert.Equal(whole.Usage.TotalTokenCount, sum.Usage.TotalTokenCount);
        Assert.All(updates, update => Assert.Equal(
            (ChatRole.Assistant, sum.ResponseId, sum.Messages[0].MessageId, sum.CreatedAt), (update.Role, update.ResponseId, update.MessageId, update.CreatedAt)));
        Assert.IsType<UsageContent>(Assert.Single(updates[^1].Contents));
        Assert.All(updates[..^1], update => Assert.IsType<CompletionUpdate>(update.RawRepresentation));
        Assert.True(most < 200 || updates.Count > 6, "the text should arrive in pieces");
    }

    [Fact]
    public async Task Cancelling_throws_with_the_callers_token_and_frees_the_request()
    {
        using var source = new CancellationTokenSource();
        var endless = new ChatOptions { AdditionalProperties = new() { ["ignore_end_tokens"] = true } };
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (ChatResponseUpdate _ in _client.GetStreamingResponseAsync(LexiconEngine.Camera, endless, source.Token))
                await source.CancelAsync();
        });
        Assert.Equal(source.Token, error.CancellationToken);
        error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _client.GetResponseAsync(LexiconEngine.Camera, null, source.Token));
        Assert.Equal(source.Token, error.CancellationToken);
        Assert.Equal(LexiconEngine.CameraAnswer, (await _client.GetResponseAsync(LexiconEngine.Camera, null, Token)).Text);
        Assert.Equal(0, lexicon.Engine.Statistics.RunningSequences);
    }

    [Fact]
    public async Task Content_that_is_not_text_is_refused_by_name()
    {
        AIContent[] contents =
        [
            new DataContent(new byte[] { 1 }, "image/png"), new UriContent("https://example.org/a.wav", "audio/wav"),
            new FunctionCallContent("1", "f"), new FunctionResultContent("1", "r"), new ErrorContent("e"), new HostedFileContent("f"),
        ];
        foreach (AIContent content in contents)
        {
            var refusal = await Assert.ThrowsAsync<NotSupportedException>(
                () => _client.GetResponseAsync(new ChatMessage(ChatRole.User, [new TextContent("a"), content]), null, Token));
            Assert.Contains(content.GetType().Name, refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task No_messages_are_an_argument_error()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _client.GetResponseAsync([], null, Token));
        await Assert.ThrowsAsync<ArgumentNullException>(() => _client.GetResponseAsync((IEnumerable<ChatMessage>)null!, null, Token));
        Assert.Throws<ArgumentNullException>(() => { _client.GetStreamingResponseAsync((IEnumerable<ChatMessage>)null!, null, Token); });
    }

    [Fact]
    public void Services_are_the_metadata_the_engine_and_the_client_without_a_key()
    {
        var metadata = _client.GetService<ChatClientMetadata>();
        Assert.Equal(("llamaengine", lexicon.Engine.Model.Name), (metadata!.ProviderName, metadata.DefaultModelId));
        Assert.Same(lexicon.Engine, _client.GetService<InferenceEngine>());
        Assert.Same(_client, _client.GetService<LlamaChatClient>());
        Assert.Null(_client.GetService(typeof(InferenceEngine), "key"));
        Assert.Null(_client.GetService<string>());
    }

    [Fact]
    public async Task Disposing_the_client_leaves_the_engine()
    {
        _client.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _client.GetResponseAsync(LexiconEngine.Camera, null, Token));
        Assert.Equal(LexiconEngine.CameraAnswer, (await lexicon.Engine.CompleteAsync(Prompt.FromUser(LexiconEngine.Camera), null, Token)).Text);
    }

    [Fact]
    public async Task Middleware_fits_around_it()
    {
        using var counting = new CountingClient(lexicon.Engine.AsChatClient());
        Assert.Equal(LexiconEngine.CameraAnswer, (await counting.GetResponseAsync(LexiconEngine.Camera, null, Token)).Text);
        Assert.Equal(1, counting.Calls);
        Assert.Same(lexicon.Engine, counting.GetService<InferenceEngine>());
    }

    private static async Task<List<ChatResponseUpdate>> Collect(IAsyncEnumerable<ChatResponseUpdate> updates)
    {
        List<ChatResponseUpdate> all = [];
        await foreach (ChatResponseUpdate update in updates)
            all.Add(update);
        return all;
    }

    private sealed class CountingClient(IChatClient inner) : DelegatingChatClient(inner)
    {
        public int Calls { get; private set; }

        public override Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            Calls++;
            return base.GetResponseAsync(messages, options, cancellationToken);
        }
    }
}
