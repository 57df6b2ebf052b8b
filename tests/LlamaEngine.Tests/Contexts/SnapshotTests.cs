using LlamaEngine.Contexts;
using LlamaEngine.Tests.Engine;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tests.Contexts;

/// <summary>What is saved comes back the same, in another engine, and everything that was held is let go.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class SnapshotTests : IDisposable
{
    private static readonly GenerationOptions s_greedy = new() { Temperature = 0, MaxTokens = 12, TopLogProbabilities = 2, IgnoreEndTokens = true };

    private readonly SnapshotFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(KvCacheType.F32, 100)]
    [InlineData(KvCacheType.F16, 100)]
    [InlineData(KvCacheType.BF16, 100)]
    [InlineData(KvCacheType.Q8_0, 100)]
    [InlineData(KvCacheType.F16, 96)] // whole blocks only
    [InlineData(KvCacheType.F16, 5)] // not one whole block
    public async Task A_restored_context_goes_on_bit_for_bit_as_the_original(KvCacheType type, int length)
    {
        string file = _folder.FileOf("context");
        int[] prefix = Tokens(length);
        int[] prompt = [.. prefix, 7, 8, 9];
        Completion original;
        await using (InferenceEngine engine = Create(type))
        {
            using RetainedContext context = await engine.RetainAsync(prefix, Token);
            await context.SaveAsync(file, Token);
            original = await engine.CompleteAsync(prompt, s_greedy, Token);
            await AssertNothingHeld(engine);
        }
        await using (InferenceEngine engine = Create(type))
        {
            using RetainedContext context = await engine.RestoreAsync(file, Token);
            Assert.Equal(prefix, context.Tokens);
            Assert.Empty(context.Messages);
            Assert.Equal(length / 16 * 16, await context.CountHeldTokensAsync());
            Completion restored = await engine.CompleteAsync(prompt, s_greedy, Token);
            Assert.Equal(length / 16 * 16, restored.Usage.CachedTokens);
            AssertSame(original, restored);
            await AssertNothingHeld(engine);
        }
    }

    [Fact]
    public async Task The_blocks_themselves_are_what_goes_on()
    {
        // A snapshot whose blocks are zeros under sound checksums: if it answered as the original, restoring would restore nothing.
        string file = _folder.FileOf("context"), zeros = _folder.FileOf("zeros");
        int[] prefix = Tokens(64);
        await using InferenceEngine engine = Create(KvCacheType.F32), other = Create(KvCacheType.F32);
        using (RetainedContext context = await engine.RetainAsync(prefix, Token))
            await context.SaveAsync(file, Token);
        await SnapshotFolder.CopyWithZerosAsync(file, zeros, Token);
        using RetainedContext restored = await other.RestoreAsync(zeros, Token);
        Completion right = await engine.CompleteAsync(Prompt.Following(restored, "a"), s_greedy, Token);
        Completion wrong = await other.CompleteAsync(Prompt.Following(restored, "a"), s_greedy, Token);
        Assert.NotEqual(right.LogProbabilities, wrong.LogProbabilities);
    }

    [Fact]
    public async Task A_restored_conversation_goes_on_as_the_original()
    {
        string file = _folder.FileOf("chat");
        await using InferenceEngine engine = Create(KvCacheType.F16), other = Create(KvCacheType.F16);
        using ChatSession chat = engine.StartChat("You are a dictionary.");
        await Text(chat.SendAsync("What is a camera?", cancellationToken: Token));
        await chat.SaveAsync(file, Token);

        using ChatSession restored = await other.RestoreChatAsync(file, Token);
        Assert.Equal(chat.Messages.Select(message => (message.Role, message.Text)), restored.Messages.Select(message => (message.Role, message.Text)));
        List<CompletionUpdate> expected = await Collect(chat.SendAsync("Define freedom.", s_greedy, Token));
        List<CompletionUpdate> actual = await Collect(restored.SendAsync("Define freedom.", s_greedy, Token));
        Assert.Equal(expected.Select(update => (update.TokenId, update.LogProbability)), actual.Select(update => (update.TokenId, update.LogProbability)));
        Assert.True(actual[^1].Usage!.Value.CachedTokens >= 32, $"{actual[^1].Usage}");
        restored.Reset();
        Assert.Equal("You are a dictionary.", Assert.Single(restored.Messages).Text);

        using RetainedContext context = await other.RestoreAsync(file, Token);
        Assert.Equal(3, context.Messages.Length);
        Prompt next = Prompt.FromMessages([.. context.Messages, new ChatMessage(ChatRole.User, "Define freedom.")]);
        Assert.Equal(expected.Select(update => update.TokenId), (await other.CompleteAsync(next, s_greedy, Token)).Tokens.Select(token => (int?)token));
    }

    [Fact]
    public async Task A_text_has_no_conversation_to_go_on_with_and_an_empty_one_nothing_to_save()
    {
        string file = _folder.FileOf("text");
        await using InferenceEngine engine = Create(KvCacheType.F16);
        using RetainedContext context = await engine.RetainAsync(Tokens(20), Token);
        await context.SaveAsync(file, Token);
        var mismatch = await Assert.ThrowsAsync<SnapshotMismatchException>(() => engine.RestoreChatAsync(file, Token));
        Assert.Equal("content", mismatch.What);
        using ChatSession chat = engine.StartChat();
        await Assert.ThrowsAsync<InvalidOperationException>(() => chat.SaveAsync(_folder.FileOf("chat"), Token));
        await AssertNothingHeld(engine);
    }

    [Fact]
    public async Task Blocks_that_were_given_up_are_computed_again_before_they_are_saved()
    {
        string file = _folder.FileOf("context");
        await using InferenceEngine engine = Create(KvCacheType.F32, cacheTokens: 256);
        using RetainedContext context = await engine.RetainAsync(Tokens(128), Token);
        await engine.CompleteAsync(Tokens(250, seed: 3), new GenerationOptions { MaxTokens = 1 }, Token);
        Assert.Equal(0, await context.CountHeldTokensAsync());
        await context.SaveAsync(file, Token);
        Assert.Equal(8, (await ContextSnapshot.ReadInfoAsync(file, Token)).Blocks);
        Assert.Equal(128, await context.CountHeldTokensAsync());
        await AssertNothingHeld(engine);
    }

    [Fact]
    public async Task A_snapshot_says_what_is_in_it()
    {
        string file = _folder.FileOf("context");
        await using InferenceEngine engine = Create(KvCacheType.F32);
        ChatMessage[] messages = [new(ChatRole.System, "You are brief. ü 😀"), new(ChatRole.User, "What is a camera?")];
        using RetainedContext context = await engine.RetainAsync(Prompt.FromMessages(messages), Token);
        await context.SaveAsync(file, Token);
        ContextSnapshot info = await ContextSnapshot.ReadInfoAsync(file, Token);
        Assert.Equal(1, info.Version);
        Assert.Equal(engine.Model.Name, info.ModelName);
        Assert.Matches("^sha256:[0-9a-f]{64}$", info.ModelIdentity);
        Assert.Equal(KvCacheType.F32, info.KvCacheType);
        Assert.True(info.QuantizedActivations);
        Assert.Equal(context.Tokens, info.Tokens);
        Assert.Equal(messages.Select(message => (message.Role, message.Text)), info.Messages.Select(message => (message.Role, message.Text)));
        Assert.Equal(context.Tokens.Length / 16, info.Blocks);
        Assert.Equal(16, info.BlockSize);
        LlamaEngine.Models.LlamaConfiguration sizes = engine.Model.Configuration;
        Assert.Equal(2L * sizes.LayerCount * sizes.KeyValueHeadCount * sizes.HeadSize * 16 * 4, info.BlockBytes);
        Assert.Equal(new FileInfo(file).Length, info.Bytes);
    }

    [Fact]
    public async Task A_text_follows_a_context_without_a_second_BOS()
    {
        await using InferenceEngine engine = Create(KvCacheType.F16);
        using RetainedContext context = await engine.RetainAsync("What is a camera?", Token);
        int[] following = engine.Tokenize(Prompt.Following(context, " It is"));
        Assert.Equal([.. context.Tokens, .. engine.Tokenizer.Encode(" It is")], following);
        Assert.Equal(context.Tokens, engine.Tokenize(Prompt.Following(context, "")));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>An engine whose snapshots have several slices: of 3 blocks of float32, 6 of half precision.</summary>
    internal static InferenceEngine Create(KvCacheType type, int? cacheTokens = null)
    {
        var options = new EngineOptions { ModelPath = Lexicon.StandIn, KvCacheType = type, KvCacheTokens = cacheTokens ?? 2048, Threads = 1 };
        InferenceEngine engine = TestEngine.Create(options);
        engine.SnapshotSliceBytes = 3 * 81_920;
        return engine;
    }

    internal static int[] Tokens(int count, int seed = 0) => [.. Enumerable.Range(0, count).Select(i => 300 + (i * 37 + seed * 11 + i / 5) % 3000)];

    /// <summary>Nothing uses a block, and no transfer is under way; the engine itself counts its blocks when it falls idle.</summary>
    internal static async Task AssertNothingHeld(InferenceEngine engine)
    {
        (int used, int transfers) = await engine.Loop.InvokeAsync((pool, _) => (pool.Count - pool.Available, pool.Transfers));
        Assert.Equal((0, 0), (used, transfers));
        await engine.Loop.InvokeAsync((pool, _) =>
        {
            pool.CheckIntegrity(new int[pool.Count]);
            return true;
        });
    }

    internal static void AssertSame(Completion expected, Completion actual)
    {
        Assert.Equal(expected.Tokens, actual.Tokens);
        Assert.Equal(expected.LogProbabilities, actual.LogProbabilities);
        Assert.Equal(expected.TopLogProbabilities.SelectMany(top => top), actual.TopLogProbabilities.SelectMany(top => top));
    }

    private static async Task<List<CompletionUpdate>> Collect(IAsyncEnumerable<CompletionUpdate> updates)
    {
        List<CompletionUpdate> list = [];
        await foreach (CompletionUpdate update in updates)
            list.Add(update);
        return list;
    }

    private static async Task<string> Text(IAsyncEnumerable<CompletionUpdate> updates) => string.Concat((await Collect(updates)).Select(update => update.Text));
}
