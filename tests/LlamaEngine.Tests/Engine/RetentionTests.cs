using LlamaEngine.Contexts;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Engine;

/// <summary>What sessions and retained prefixes keep, and when it gives way.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class RetentionTests
{
    private const int BlockSize = 16;

    private static readonly GenerationOptions s_short = new() { MaxTokens = 4, IgnoreEndTokens = true, Temperature = 0 };

    private static readonly GenerationOptions s_some = new() { MaxTokens = 20 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_retained_prefix_outlives_traffic_that_fills_the_cache()
    {
        await using InferenceEngine engine = Create(512);
        int[] prefix = Tokens(100, seed: 1);
        using RetainedContext retained = await engine.RetainAsync(prefix, Token);
        Assert.Equal(6, engine.Statistics.KvBlocksRetained);
        for (int i = 0; i < 20; i++)
            await engine.CompleteAsync(Tokens(200, seed: 100 + i), s_short, Token);
        Assert.True(engine.Statistics.Evictions > 50);
        Assert.Equal(96, await retained.CountHeldTokensAsync());
        Completion completion = await engine.CompleteAsync((int[])[.. prefix, 1, 2, 3], s_short, Token);
        Assert.Equal(96, completion.Usage.CachedTokens);
    }

    [Fact]
    public async Task What_nobody_retains_does_not()
    {
        await using InferenceEngine engine = Create(512);
        int[] prefix = Tokens(100, seed: 1);
        using (await engine.RetainAsync(prefix, Token))
            Assert.Equal(6, engine.Statistics.KvBlocksRetained);
        for (int i = 0; i < 20; i++)
            await engine.CompleteAsync(Tokens(200, seed: 100 + i), s_short, Token);
        Assert.Equal(0, engine.Statistics.KvBlocksRetained);
        Assert.Equal(0, (await engine.CompleteAsync(prefix, s_short, Token)).Usage.CachedTokens);
    }

    [Fact]
    public async Task A_retained_prefix_gives_way_to_a_request_that_needs_its_memory_and_its_answers_stay_the_same()
    {
        await using InferenceEngine engine = Create(256);
        int[] prefix = Tokens(100, seed: 1), prompt = [.. prefix, 1, 2, 3];
        using RetainedContext retained = await engine.RetainAsync(prefix, Token);
        Completion before = await engine.CompleteAsync(prompt, s_short, Token);
        await engine.CompleteAsync(Tokens(240, seed: 2), s_short, Token);
        // The last blocks go first, so what is left is still a prefix.
        int held = await retained.CountHeldTokensAsync();
        Assert.True(held < 96 && held % BlockSize == 0, $"{held} are held");
        Completion after = await engine.CompleteAsync(prompt, s_short, Token);
        Assert.Equal(before.Tokens, after.Tokens);
        Assert.Equal(held, after.Usage.CachedTokens);
    }

    [Fact]
    public async Task The_longest_idle_prefix_gives_way_first()
    {
        await using InferenceEngine engine = Create(256);
        using RetainedContext older = await engine.RetainAsync(Tokens(64, seed: 1), Token), newer = await engine.RetainAsync(Tokens(64, seed: 2), Token);
        await engine.CompleteAsync((int[])[.. older.Tokens, 5], s_short, Token);
        await engine.CompleteAsync(Tokens(170, seed: 3), s_short, Token);
        Assert.Equal(64, await older.CountHeldTokensAsync());
        Assert.True(await newer.CountHeldTokensAsync() < 64);
    }

    [Fact]
    public async Task A_prefix_retained_twice_stays_until_the_last_lets_it_go()
    {
        await using InferenceEngine engine = Create(512);
        RetainedContext first = await engine.RetainAsync(Tokens(64, seed: 1), Token), second = await engine.RetainAsync(Tokens(80, seed: 1), Token);
        Assert.Equal(5, engine.Statistics.KvBlocksRetained);
        first.Dispose();
        Assert.Equal(80, await second.CountHeldTokensAsync());
        Assert.Equal(5, engine.Statistics.KvBlocksRetained);
        second.Dispose();
        second.Dispose();
        await engine.CompleteAsync("a", s_short, Token);
        Assert.Equal(0, engine.Statistics.KvBlocksRetained);
        await Assert.ThrowsAsync<ObjectDisposedException>(second.CountHeldTokensAsync);
    }

    [Fact]
    public async Task A_session_keeps_its_blocks_between_turns_and_lets_them_go()
    {
        await using InferenceEngine engine = Create(512);
        ChatSession chat = engine.StartChat();
        int turns = 0, cached = 0;
        foreach (string question in (string[])["What is a camera?", "Define freedom.", "What does volcano mean?"])
        {
            await foreach (CompletionUpdate update in chat.SendAsync(question, s_some, Token))
                cached = update.Usage?.CachedTokens ?? cached;
            Assert.True(turns++ == 0 || cached >= BlockSize, $"turn {turns} found {cached} tokens");
            for (int i = 0; i < 6; i++)
                await engine.CompleteAsync(Tokens(150, seed: 10 * turns + i), s_short, Token);
        }
        Assert.True(engine.Statistics.KvBlocksRetained >= 3);
        chat.Dispose();
        await engine.CompleteAsync("a", s_short, Token);
        Assert.Equal(0, engine.Statistics.KvBlocksRetained);
        await Assert.ThrowsAsync<ObjectDisposedException>(async () =>
        {
            await foreach (CompletionUpdate _ in chat.SendAsync("more", cancellationToken: Token))
            {
            }
        });
    }

    [Fact]
    public async Task The_first_messages_of_a_chat_are_a_prefix_of_the_chat()
    {
        await using InferenceEngine engine = Create(512);
        ChatMessage[] shots = [new(ChatRole.User, "What is a camera?"), new(ChatRole.Assistant, "camera (noun): equipment for taking photographs.")];
        using RetainedContext retained = await engine.RetainAsync(Prompt.FromMessages(shots), Token);
        Completion completion = await engine.CompleteAsync(Prompt.FromMessages([.. shots, new(ChatRole.User, "Define freedom.")]), s_some, Token);
        Assert.Equal(retained.Tokens.Length / BlockSize * BlockSize, completion.Usage.CachedTokens);
        Assert.Equal(2, retained.Messages.Length);
    }

    [Fact]
    public async Task Letting_go_after_the_engine_is_fine()
    {
        InferenceEngine engine = Create(512);
        RetainedContext retained = await engine.RetainAsync(Tokens(64, seed: 1), Token);
        ChatSession chat = engine.StartChat();
        await engine.DisposeAsync();
        retained.Dispose();
        chat.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.RetainAsync("a", Token));
    }

    private static InferenceEngine Create(int kvTokens) => TestEngine.Create(new EngineOptions { ModelPath = Lexicon.StandIn, KvCacheTokens = kvTokens });

    private static int[] Tokens(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(4000))];
    }
}
