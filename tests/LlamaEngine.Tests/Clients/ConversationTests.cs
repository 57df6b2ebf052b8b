using LlamaEngine.Clients;
using LlamaEngine.Tests.Engine;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Clients;

/// <summary>Conversations that a chat client keeps by their id.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class ConversationTests : IDisposable
{
    private const string Freedom = "Define freedom.", Volcano = "What does volcano mean?";

    private readonly InferenceEngine _engine = TestEngine.Create(Lexicon.Model);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _engine.Dispose();

    [Fact]
    public async Task A_turn_gives_only_what_is_new_and_answers_as_if_all_had_been_given()
    {
        using LlamaChatClient client = _engine.AsChatClient();
        List<ChatMessage> all = [];
        foreach (string question in new[] { LexiconEngine.Camera, Freedom, Volcano })
        {
            ChatResponse turn = await client.GetResponseAsync(question, Id("a"), Token);
            all.Add(new ChatMessage(ChatRole.User, question));
            ChatResponse whole = await client.GetResponseAsync(all, Id(null), Token);
            Assert.Equal("a", turn.ConversationId);
            Assert.Null(whole.ConversationId);
            Assert.Equal(whole.Text, turn.Text);
            Assert.Equal(whole.Usage!.InputTokenCount, turn.Usage!.InputTokenCount);
            all.AddRange(turn.Messages);
        }
    }

    [Fact]
    public async Task Conversations_do_not_hear_each_other_and_begin_anew_after_their_end()
    {
        using LlamaChatClient client = _engine.AsChatClient();
        long? first = (await client.GetResponseAsync(LexiconEngine.Camera, Id("a"), Token)).Usage!.InputTokenCount;
        Assert.True((await client.GetResponseAsync(LexiconEngine.Camera, Id("a"), Token)).Usage!.InputTokenCount > first);
        Assert.Equal(first, (await client.GetResponseAsync(LexiconEngine.Camera, Id("b"), Token)).Usage!.InputTokenCount);
        Assert.True(client.EndConversation("a"));
        Assert.False(client.EndConversation("a"));
        Assert.Equal(first, (await client.GetResponseAsync(LexiconEngine.Camera, Id("a"), Token)).Usage!.InputTokenCount);
    }

    [Fact]
    public async Task Instructions_hold_for_one_turn()
    {
        using LlamaChatClient client = _engine.AsChatClient();
        var options = Id("a");
        options.Instructions = "Be brief.";
        ChatResponse first = await client.GetResponseAsync(LexiconEngine.Camera, options, Token);
        ChatResponse second = await client.GetResponseAsync(Freedom, Id("a"), Token);
        int[] expected = _engine.Tokenize(
            Prompt.FromMessages([new ChatMessage(ChatRole.User, LexiconEngine.Camera), .. first.Messages, new ChatMessage(ChatRole.User, Freedom)]));
        Assert.Equal(expected.Length, second.Usage!.InputTokenCount);
    }

    [Fact]
    public async Task Changing_a_message_afterwards_does_not_change_the_conversation()
    {
        using LlamaChatClient client = _engine.AsChatClient();
        var message = new ChatMessage(ChatRole.User, LexiconEngine.Camera);
        ChatResponse first = await client.GetResponseAsync(message, Id("a"), Token);
        int[] expected = _engine.Tokenize(
            Prompt.FromMessages([new ChatMessage(ChatRole.User, LexiconEngine.Camera), .. first.Messages, new ChatMessage(ChatRole.User, Freedom)]));
        message.Contents.Add(new TextContent(" And what is a river?"));
        first.Messages[0].Contents.Clear();
        Assert.Equal(expected.Length, (await client.GetResponseAsync(Freedom, Id("a"), Token)).Usage!.InputTokenCount);
    }

    [Theory]
    [InlineData("cancelled")]
    [InlineData("abandoned")]
    [InlineData("failed")]
    public async Task A_turn_that_does_not_end_well_leaves_the_conversation_as_it_was(string how)
    {
        using LlamaChatClient client = _engine.AsChatClient();
        await Spoil();
        Assert.False(client.EndConversation("a"), "nothing was said, so nothing has begun");
        ChatResponse first = await client.GetResponseAsync(LexiconEngine.Camera, Id("a"), Token);
        await Spoil();
        ChatResponse second = await client.GetResponseAsync(Freedom, Id("a"), Token);
        int[] expected = _engine.Tokenize(
            Prompt.FromMessages([new ChatMessage(ChatRole.User, LexiconEngine.Camera), .. first.Messages, new ChatMessage(ChatRole.User, Freedom)]));
        Assert.Equal(expected.Length, second.Usage!.InputTokenCount);

        async Task Spoil()
        {
            if (how == "failed")
            {
                string tooLong = string.Join(' ', Enumerable.Repeat("river", 2_000));
                await Assert.ThrowsAsync<ContextLengthExceededException>(() => client.GetResponseAsync(tooLong, Id("a"), Token));
                return;
            }
            using var source = new CancellationTokenSource();
            try
            {
                await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync(Volcano, Endless("a"), source.Token))
                {
                    if (how == "abandoned")
                        return;
                    await source.CancelAsync();
                }
            }
            catch (OperationCanceledException exception)
            {
                Assert.Equal(source.Token, exception.CancellationToken);
            }
        }
    }

    [Fact]
    public async Task A_second_turn_at_once_is_refused_and_other_conversations_are_not()
    {
        using LlamaChatClient client = _engine.AsChatClient();
        await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync(Volcano, Endless("a"), Token))
        {
            var busy = await Assert.ThrowsAsync<ConversationBusyException>(() => client.GetResponseAsync(Freedom, Id("a"), Token));
            Assert.Equal("a", busy.ConversationId);
            await client.GetResponseAsync(Freedom, Id("b"), Token);
            break;
        }
        await client.GetResponseAsync(Freedom, Id("a"), Token);
    }

    [Fact]
    public async Task More_conversations_than_allowed_are_refused_until_one_ends()
    {
        using LlamaChatClient client = _engine.AsChatClient(new ConversationOptions { MaxConversations = 2 });
        await client.GetResponseAsync(Freedom, Id("a"), Token);
        await client.GetResponseAsync(Freedom, Id("b"), Token);
        var limit = await Assert.ThrowsAsync<ConversationLimitException>(() => client.GetResponseAsync(Freedom, Id("c"), Token));
        Assert.Equal(("c", 2), (limit.ConversationId, limit.Limit));
        await client.GetResponseAsync(Volcano, Id("a"), Token);
        client.EndConversation("b");
        await client.GetResponseAsync(Freedom, Id("c"), Token);
    }

    [Fact]
    public async Task Blocks_are_retained_for_those_used_last_and_let_go_at_the_end()
    {
        LlamaChatClient client = _engine.AsChatClient(new ConversationOptions { MaxRetained = 2 });
        int a = await Turn("a", LexiconEngine.Camera);
        int ab = await Turn("b", Freedom);
        Assert.True(0 < a && a < ab);
        await Turn("c", Volcano); // takes the place of a
        Assert.True(client.EndConversation("b"));
        Assert.True(await Retained() > 0);
        Assert.True(client.EndConversation("c"));
        Assert.Equal(0, await Retained());

        int again = await Turn("a", Freedom); // its messages are still there
        Assert.True(again > a);
        client.Dispose();
        Assert.Equal(0, await Retained());

        async Task<int> Turn(string id, string question)
        {
            await client.GetResponseAsync(question, Id(id), Token);
            return await Retained();
        }
    }

    [Fact]
    public async Task A_conversation_without_its_blocks_goes_on_the_same()
    {
        using LlamaChatClient keeping = _engine.AsChatClient(), letting = _engine.AsChatClient(new ConversationOptions { MaxRetained = 0 });
        foreach (string question in new[] { LexiconEngine.Camera, Freedom })
        {
            ChatResponse kept = await keeping.GetResponseAsync(question, Id("a"), Token), let = await letting.GetResponseAsync(question, Id("a"), Token);
            Assert.Equal((kept.Text, kept.Usage!.InputTokenCount), (let.Text, let.Usage!.InputTokenCount));
        }
        keeping.Dispose();
        Assert.Equal(0, await Retained());
    }

    [Fact]
    public async Task A_turn_whose_conversation_ends_meanwhile_goes_on_but_is_not_kept()
    {
        using LlamaChatClient client = _engine.AsChatClient();
        bool ended = false;
        ChatResponse response = await Ending(client.GetStreamingResponseAsync(LexiconEngine.Camera, Id("a"), Token)).ToChatResponseAsync(Token);
        Assert.NotEmpty(response.Text);
        Assert.False(client.EndConversation("a"));
        Assert.Equal(0, await Retained());

        async IAsyncEnumerable<ChatResponseUpdate> Ending(IAsyncEnumerable<ChatResponseUpdate> updates)
        {
            await foreach (ChatResponseUpdate update in updates)
            {
                if (!ended)
                    Assert.True(client.EndConversation("a"));
                ended = true;
                yield return update;
            }
        }
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, -1)]
    public void Numbers_out_of_range_are_refused(int conversations, int retained) =>
        Assert.Throws<ArgumentOutOfRangeException>(
            () => _engine.AsChatClient(new ConversationOptions { MaxConversations = conversations, MaxRetained = retained }));

    /// <summary>Short replies will do.</summary>
    private static ChatOptions Id(string? id) => new() { ConversationId = id, MaxOutputTokens = 4 };

    private static ChatOptions Endless(string id) =>
        new() { ConversationId = id, AdditionalProperties = new() { ["ignore_end_tokens"] = true } };

    /// <summary>Blocks that are retained, once the loop has done what it was told before.</summary>
    private Task<int> Retained() => _engine.Loop.InvokeAsync((pool, _) => pool.Retained);
}
