using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Rag.Tests.Answering;

/// <summary>What is asked of a model, and what is made of what it says.</summary>
public sealed class DocumentChatTests : IAsyncLifetime
{
    private SampleLibrary _library = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _library = await SampleLibrary.OpenAsync();

    public ValueTask DisposeAsync() => _library.DisposeAsync();

    [Theory]
    [InlineData("It was Nell Garrick [2], in 1949 [2, 1]. See [99] and [x].", new[] { 2, 1 }, "")]
    [InlineData("Nell Garrick invented the harbour bun in 1949.", new[] { 0 }, "")]
    [InlineData("I have no idea, honestly.", new int[0], "")]
    [InlineData("The documents do not say, I fear.", new int[0], "refusal")]
    [InlineData("  \n", new int[0], "refusal")]
    public async Task Citations_are_the_answers_own_or_those_of_the_passages_that_have_its_words(string said, int[] cited, string outcome)
    {
        using ScriptedClient client = new(said);
        await using DocumentChat chat = new(_library.Retriever, client);
        Answer answer = await chat.AnswerAsync("Who invented the harbour bun?");
        Assert.Equal(AnswerStyle.Worded, chat.Style);
        Assert.Equal(outcome == "refusal", answer.IsRefusal);
        int fact = answer.Passages.First(one => one.Passage.Text.Contains("Nell Garrick invented", StringComparison.Ordinal)).Number;
        // 0 stands for the passage with the fact, wherever it came.
        int[] expected = cited is [0] ? [fact] : cited;
        Assert.Equal(expected, answer.Cited.Take(Math.Max(1, expected.Length)));
        if (cited is [0])
            Assert.StartsWith($"{said} [{fact}]", answer.Text, StringComparison.Ordinal);
        Assert.Equal((7, 3, 5), (answer.Usage.PromptTokens, answer.Usage.ReusedTokens, answer.Usage.AnswerTokens));
    }

    [Fact]
    public async Task The_prompt_has_instructions_passages_history_and_question_in_this_order()
    {
        using ScriptedClient client = new("Yes [1].");
        await using DocumentChat chat = new(_library.Retriever, client, new DocumentChatOptions { HistoryTurns = 1, RewriteQuestions = false });
        Answer answer = await chat.AnswerAsync("Who invented the harbour bun?", new Exchange("old", "older"), new Exchange("near", "nearer"));
        IReadOnlyList<ChatMessage> prompt = Assert.Single(client.Prompts);
        Assert.Equal([ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.User], prompt.Select(message => message.Role));
        Assert.Equal(["near", "nearer", "Who invented the harbour bun?"], prompt.Skip(1).Select(message => message.Text));
        Assert.All(answer.Passages, cited => Assert.Contains($"[{cited.Number}] ", prompt[0].Text, StringComparison.Ordinal));
        Assert.All(answer.Passages, cited => Assert.Contains(cited.Passage.Text, prompt[0].Text, StringComparison.Ordinal));
        Assert.Contains(DocumentChatOptions.StandardRefusal, prompt[0].Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("When did Nell Garrick invent the harbour bun?", "When did Nell Garrick invent the harbour bun?")]
    [InlineData("Harbour buns are wonderful pastries enjoyed across many different imaginary countries today.", "Who invented the harbour bun? And when did she?")]
    [InlineData("", "Who invented the harbour bun? And when did she?")]
    public async Task A_question_that_refers_back_is_rewritten_where_that_is_sound(string rewritten, string query)
    {
        using ScriptedClient client = new(rewritten, "In 1949 [1].");
        await using DocumentChat chat = new(_library.Retriever, client);
        Answer answer = await chat.AnswerAsync("And when did she?", new Exchange("Who invented the harbour bun?", "Nell Garrick. [1]"));
        Assert.Equal(query, answer.Query);
        Assert.Equal(2, client.Prompts.Count);
        Assert.Equal("And when did she?", client.Prompts[1][^1].Text);
    }

    [Fact]
    public async Task Nothing_found_is_refused_without_asking_the_model()
    {
        using ScriptedClient client = new("never");
        await using DocumentChat chat = new(_library.Retriever, client, new DocumentChatOptions { Refusal = "Nichts gefunden." });
        Answer answer = await chat.AnswerAsync("Quarks gluons bosons?");
        Assert.True(answer.IsRefusal);
        Assert.Equal("Nichts gefunden.", answer.Text);
        Assert.Empty(client.Prompts);
    }

    [Fact]
    public async Task Passages_of_the_last_question_stay_in_front_while_all_fit()
    {
        await using DocumentChat chat = new(_library.Retriever, _library.Engine, new DocumentChatOptions { PassageTokens = 330 });
        Answer first = await chat.AnswerAsync("Who invented the harbour bun?");
        IReadOnlyList<Passage> kept = [first.Passages.Single(cited => first.Cited.Contains(cited.Number)).Passage];
        Answer second = await chat.AnswerAsync("Who is the warden of the reserve?", new Exchange("a", "b") { Passages = kept });
        Assert.Equal(kept[0], second.Passages[0].Passage);
        Assert.Equal(2, second.Passages.Count);
        Assert.Equal([2], second.Cited);
        // A passage that was changed or is gone does not.
        Answer third = await chat.AnswerAsync("Who is the warden of the reserve?", new Exchange("a", "b") { Passages = [kept[0] with { Text = "changed" }] });
        Assert.DoesNotContain(third.Passages, cited => cited.Passage.Text == "changed");
    }

    [Fact]
    public async Task A_stopped_answer_ends_at_once_and_leaves_nothing_running()
    {
        await using DocumentChat chat = new(_library.Retriever, _library.Engine);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (AnswerUpdate update in chat.AskAsync("Who invented the harbour bun?", [], stop.Token))
            {
                if (update is AnswerText)
                    await stop.CancelAsync();
            }
        });
        Assert.False((await chat.AnswerAsync("Who invented the harbour bun?")).IsRefusal);
    }

    [Fact]
    public void A_template_without_system_messages_gets_the_instructions_with_the_first_question()
    {
        IReadOnlyList<ChatMessage> merged = EngineModel.WithoutSystem(
            [new(ChatRole.System, "rules"), new(ChatRole.User, "one"), new(ChatRole.Assistant, "two"), new(ChatRole.User, "three")]);
        Assert.Equal([ChatRole.User, ChatRole.Assistant, ChatRole.User], merged.Select(message => message.Role));
        Assert.Equal(["rules\n\none", "two", "three"], merged.Select(message => message.Text));
        ChatMessage[] plain = [new(ChatRole.User, "one")];
        Assert.Same(plain, EngineModel.WithoutSystem(plain));
    }

    [Fact]
    public async Task What_cannot_be_is_refused()
    {
        using ScriptedClient client = new("x");
        Assert.Throws<ArgumentException>(() => new DocumentChat(_library.Retriever, client, new DocumentChatOptions { Style = AnswerStyle.Quoted }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DocumentChat(_library.Retriever, client, new DocumentChatOptions { PassageTokens = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DocumentChat(_library.Retriever, client, new DocumentChatOptions { MinimumEvidence = 1.1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DocumentChat(_library.Retriever, client, new DocumentChatOptions { RetainedPrefixes = -1 }));
        Assert.Throws<ArgumentException>(() => new DocumentChat(_library.Retriever, client, new DocumentChatOptions { Refusal = " " }));
        await using DocumentChat chat = new(_library.Retriever, client);
        await Assert.ThrowsAsync<ArgumentException>(() => chat.AnswerAsync("  "));
    }

    [Theory]
    [InlineData("What colour is the door?", "The door is red.", "The door is wide.")]
    [InlineData("How many maps are there?", "There are 140 maps.", "There are maps.")]
    [InlineData("When does it open?", "It opens on Mondays.", "It opens slowly.")]
    [InlineData("Who repairs the clock?", "The caretaker, Peter Lamb, repairs it.", "The caretaker repairs it.")]
    [InlineData("What is the price of a ticket?", "A ticket costs four pounds.", "A ticket is sold on board.")]
    public void The_kind_of_answer_is_known(string question, string with, string without)
    {
        var expected = ExpectedAnswer.Of(question, out _);
        Assert.True(expected.IsIn(with, with));
        Assert.False(expected.IsIn(without, without));
        Assert.True(ExpectedAnswer.Of("Where is the clock?", out string asked).IsIn(without, without));
        Assert.Equal("Where is the clock?", asked);
    }

    private sealed class ScriptedClient(params string[] replies) : IChatClient
    {
        public List<IReadOnlyList<ChatMessage>> Prompts { get; } = [];

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            Prompts.Add([.. messages]);
            foreach (char character in replies[Prompts.Count - 1])
                yield return new ChatResponseUpdate(ChatRole.Assistant, character.ToString());
            await Task.Yield();
            yield return new ChatResponseUpdate { Contents = [new UsageContent(new UsageDetails { InputTokenCount = 7, CachedInputTokenCount = 3, OutputTokenCount = 5 })] };
        }

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}
