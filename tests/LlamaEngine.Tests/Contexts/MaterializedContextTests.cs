using LlamaEngine.Contexts;
using LlamaEngine.Tests.Engine;

namespace LlamaEngine.Tests.Contexts;

/// <summary>A recipe is computed once for all who want it, and kept for as long as somebody does.</summary>
[Trait(TestDevice.Trait, TestDevice.Any)]
public sealed class MaterializedContextTests
{
    private const int Block = 16;

    private static readonly int[] s_tokens = [.. Enumerable.Range(10, 100)];

    private static readonly ContextRecipe s_recipe = new() { ModelPath = Lexicon.StandIn, Prefixes = [s_tokens, s_tokens[..40], Prompt.FromUser("river")] };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sixty_four_callers_cause_one_prefill()
    {
        await using InferenceEngine engine = Create();
        MaterializedContext[] contexts = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => engine.MaterializeAsync(s_recipe, Token))));
        int chat = contexts[0].Prefixes[2].Tokens.Length;
        // The second prefix begins as the first does: two whole blocks of it are found.
        Assert.Equal(100 + 40 - 2 * Block + chat, engine.Statistics.ComputedTokens);
        Assert.Equal(3, engine.Statistics.EndedRequests);
        Assert.All(contexts, context => Assert.Equal(contexts[0].RecipeId, context.RecipeId));
        Assert.Equal(await s_recipe.ComputeIdAsync(Token), contexts[0].RecipeId);
        foreach (MaterializedContext context in contexts[1..])
            context.Dispose();
        Assert.Equal(6 * Block, await contexts[0].Prefixes[0].CountHeldTokensAsync());
        Assert.Equal(6 + chat / Block, await RetainedBlocks(engine));
        contexts[0].Dispose();
        contexts[0].Dispose();
        Assert.Equal(0, await RetainedBlocks(engine));
    }

    [Fact]
    public async Task Prompts_that_begin_with_it_find_it()
    {
        await using InferenceEngine engine = Create();
        using MaterializedContext context = await engine.MaterializeAsync(s_recipe, Token);
        Completion completion = await engine.CompleteAsync((int[])[.. s_tokens, 5], new GenerationOptions { MaxTokens = 1 }, Token);
        Assert.Equal(6 * Block, completion.Usage.CachedTokens);
    }

    [Fact]
    public async Task Disposing_a_shared_prefix_takes_it_from_nobody()
    {
        await using InferenceEngine engine = Create();
        using MaterializedContext context = await engine.MaterializeAsync(s_recipe, Token);
        int retained = await RetainedBlocks(engine);
        context.Prefixes[0].Dispose();
        Assert.Equal(retained, await RetainedBlocks(engine));
        Assert.Equal(6 * Block, await context.Prefixes[0].CountHeldTokensAsync());
    }

    [Fact]
    public async Task What_gave_way_is_computed_again_when_asked_for()
    {
        await using InferenceEngine engine = Create(kvTokens: 8 * Block);
        ContextRecipe recipe = s_recipe with { Prefixes = [s_tokens] };
        using MaterializedContext first = await engine.MaterializeAsync(recipe, Token);
        await engine.CompleteAsync((int[])[.. Enumerable.Range(300, 120)], new GenerationOptions { MaxTokens = 4, IgnoreEndTokens = true }, Token);
        Assert.True(await first.Prefixes[0].CountHeldTokensAsync() < 6 * Block);
        using MaterializedContext second = await engine.MaterializeAsync(recipe, Token);
        Assert.Equal(6 * Block, await first.Prefixes[0].CountHeldTokensAsync());
        long computed = engine.Statistics.ComputedTokens;
        using MaterializedContext third = await engine.MaterializeAsync(recipe, Token);
        Assert.Equal(computed, engine.Statistics.ComputedTokens);
    }

    [Fact]
    public async Task Cancelling_one_caller_leaves_the_others()
    {
        await using InferenceEngine engine = Create();
        using var blocker = new Blocker(engine);
        using var source = new CancellationTokenSource();
        Task<MaterializedContext> leaving = engine.MaterializeAsync(s_recipe, source.Token), staying = engine.MaterializeAsync(s_recipe, Token);
        await Task.Delay(20, Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        await blocker.ReleaseAsync();
        using (await staying)
            Assert.Equal(3, engine.Statistics.EndedRequests);
        Assert.Equal(0, await RetainedBlocks(engine));
    }

    [Fact]
    public async Task The_last_caller_s_cancelling_ends_it_and_is_not_remembered()
    {
        await using InferenceEngine engine = Create();
        using var blocker = new Blocker(engine);
        using var source = new CancellationTokenSource();
        Task<MaterializedContext>[] leaving = [.. Enumerable.Range(0, 3).Select(_ => engine.MaterializeAsync(s_recipe, source.Token))];
        await Task.Delay(20, Token);
        await source.CancelAsync();
        foreach (Task<MaterializedContext> one in leaving)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        await blocker.ReleaseAsync();
        using (MaterializedContext context = await engine.MaterializeAsync(s_recipe, Token))
            Assert.Equal(6 * Block, await context.Prefixes[0].CountHeldTokensAsync());
        Assert.Equal(0, await RetainedBlocks(engine));
    }

    [Fact]
    public async Task Asking_again_at_once_after_giving_up_never_hangs()
    {
        await using InferenceEngine engine = Create();
        ContextRecipe recipe = s_recipe with { Prefixes = [s_tokens] };
        for (int i = 0; i < 300; i++)
        {
            using var source = new CancellationTokenSource();
            Task<MaterializedContext> leaving = engine.MaterializeAsync(recipe, source.Token);
            Task cancelling = source.CancelAsync();
            using (await engine.MaterializeAsync(recipe, Token).WaitAsync(TimeSpan.FromMinutes(1), Token))
                await cancelling;
            await Task.WhenAny(leaving);
            if (leaving.IsCompletedSuccessfully)
                (await leaving).Dispose();
        }
        Assert.Equal(0, await RetainedBlocks(engine));
    }

    [Fact]
    public async Task A_failure_reaches_all_and_is_not_remembered()
    {
        await using InferenceEngine engine = Create(kvTokens: 4 * Block);
        // The first prefix fits, the second does not.
        ContextRecipe recipe = s_recipe with { Prefixes = [s_tokens[..33], s_tokens] };
        Task<MaterializedContext>[] failing = [.. Enumerable.Range(0, 4).Select(_ => engine.MaterializeAsync(recipe, Token))];
        foreach (Task<MaterializedContext> one in failing)
            await Assert.ThrowsAsync<ContextLengthExceededException>(() => one);
        Assert.Equal(0, await RetainedBlocks(engine));
        await Assert.ThrowsAsync<ContextLengthExceededException>(() => engine.MaterializeAsync(recipe, Token));
    }

    [Fact]
    public async Task Another_model_or_cache_is_refused_by_name_with_both()
    {
        await using InferenceEngine engine = Create();
        string other = SharedData.Own("models", "gqa-tied", "model.gguf");
        var model = await Assert.ThrowsAsync<RecipeMismatchException>(() => engine.MaterializeAsync(new ContextRecipe { ModelPath = other }, Token));
        Assert.Contains("sha256:", model.Asked, StringComparison.Ordinal);
        Assert.Contains(engine.Model.Name, model.Found, StringComparison.Ordinal);
        var cache = await Assert.ThrowsAsync<RecipeMismatchException>(
            () => engine.MaterializeAsync(s_recipe with { KvCacheType = KvCacheType.F32 }, Token));
        Assert.Equal(("F32", "F16"), (cache.Asked, cache.Found));
    }

    [Fact]
    public async Task An_engine_that_is_gone_makes_nothing_and_contexts_outlive_it_harmlessly()
    {
        InferenceEngine engine = Create();
        MaterializedContext context = await engine.MaterializeAsync(s_recipe, Token);
        await engine.DisposeAsync();
        context.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.MaterializeAsync(s_recipe, Token));
    }

    private static InferenceEngine Create(int kvTokens = 1024) =>
        TestEngine.Create(new EngineOptions { ModelPath = Lexicon.StandIn, KvCacheTokens = kvTokens });

    /// <summary>Blocks retained, after everything that was asked of the loop before.</summary>
    private static async Task<int> RetainedBlocks(InferenceEngine engine)
    {
        // Freeing may still be on its way to the loop.
        int retained = -1;
        for (int i = 0; i < 100 && retained != 0; i++)
        {
            await Task.Delay(i == 0 ? 0 : 2, Token);
            int now = await engine.Loop.InvokeAsync((pool, _) => pool.Retained);
            if (now == retained)
                break;
            retained = now;
        }
        return retained;
    }

    /// <summary>Holds the engine's loop, so that nothing is computed until it is released.</summary>
    private sealed class Blocker : IDisposable
    {
        private readonly ManualResetEventSlim _gate = new();
        private readonly Task<bool> _held;

        public Blocker(InferenceEngine engine) => _held = engine.Loop.InvokeAsync((_, _) => _gate.Wait(TimeSpan.FromSeconds(20)));

        public async Task ReleaseAsync()
        {
            _gate.Set();
            Assert.True(await _held);
        }

        public void Dispose() => _gate.Dispose();
    }
}
