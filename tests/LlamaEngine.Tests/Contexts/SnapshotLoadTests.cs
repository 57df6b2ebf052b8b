using LlamaEngine.Contexts;

namespace LlamaEngine.Tests.Contexts;

/// <summary>Snapshots beside running requests, in too small a cache, cancelled, and when the engine goes away.</summary>
public sealed class SnapshotLoadTests : IDisposable
{
    private static readonly GenerationOptions s_long = new() { Temperature = 0, MaxTokens = 12, TopLogProbabilities = 1, IgnoreEndTokens = true };

    private readonly SnapshotFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Saving_and_restoring_change_nothing_for_those_who_run()
    {
        int[][] prompts = [.. Enumerable.Range(0, 8).Select(i => SnapshotTests.Tokens(24 + i, seed: 50 + i))];
        await using InferenceEngine engine = SnapshotTests.Create(KvCacheType.F32, cacheTokens: 4096);
        var alone = new List<Completion>();
        foreach (int[] prompt in prompts)
            alone.Add(await engine.CompleteAsync(prompt, s_long, Token));
        using RetainedContext context = await engine.RetainAsync(SnapshotTests.Tokens(176), Token);
        await context.SaveAsync(_folder.FileOf("quiet"), Token);

        Task saving = Task.Run(SaveAndRestore, Token);
        do
        {
            Completion[] together = await Task.WhenAll(prompts.Select(prompt => engine.CompleteAsync(prompt, s_long, Token)));
            for (int i = 0; i < prompts.Length; i++)
                SnapshotTests.AssertSame(alone[i], together[i]);
        }
        while (!saving.IsCompleted);
        await saving;
        Assert.Equal(await File.ReadAllBytesAsync(_folder.FileOf("quiet"), Token), await File.ReadAllBytesAsync(_folder.FileOf("busy"), Token));
        await SnapshotTests.AssertNothingHeld(engine);

        async Task SaveAndRestore()
        {
            for (int i = 0; i < 3; i++)
            {
                await context.SaveAsync(_folder.FileOf("busy"), Token);
                using RetainedContext again = await engine.RestoreAsync(_folder.FileOf("busy"), Token);
            }
        }
    }

    [Fact]
    public async Task Restoring_beside_running_requests_gives_what_the_file_has()
    {
        string file = _folder.FileOf("context");
        int[] tokens = SnapshotTests.Tokens(176);
        Completion expected;
        await using (InferenceEngine engine = SnapshotTests.Create(KvCacheType.F16))
        {
            using RetainedContext context = await engine.RetainAsync(tokens, Token);
            await context.SaveAsync(file, Token);
            expected = await engine.CompleteAsync(tokens, s_long, Token);
        }
        await using InferenceEngine other = SnapshotTests.Create(KvCacheType.F16);
        int[] running = SnapshotTests.Tokens(30, seed: 9);
        Task<Completion[]> streams = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => other.CompleteAsync(running, s_long, Token)));
        // The same prefix is being computed meanwhile: some blocks come from there, some from the file.
        Task<Completion> rival = other.CompleteAsync(tokens, s_long, Token);
        RetainedContext restored = await other.RestoreAsync(file, Token);
        Assert.Equal(176, await restored.CountHeldTokensAsync());
        SnapshotTests.AssertSame(expected, await other.CompleteAsync(tokens, s_long, Token));
        SnapshotTests.AssertSame(expected, await rival);
        await streams;
        await SnapshotTests.AssertNothingHeld(other);
        restored.Dispose();
        Assert.Equal(0, await other.Loop.InvokeAsync((pool, _) => pool.Retained));
    }

    [Fact]
    public async Task A_cache_too_small_is_named_with_both_numbers_and_left_as_it_was()
    {
        string file = _folder.FileOf("context");
        await using (InferenceEngine engine = SnapshotTests.Create(KvCacheType.F16))
        {
            using RetainedContext context = await engine.RetainAsync(SnapshotTests.Tokens(320), Token);
            await context.SaveAsync(file, Token);
        }
        await using (InferenceEngine tiny = SnapshotTests.Create(KvCacheType.F16, cacheTokens: 304))
        {
            var tooLong = await Assert.ThrowsAsync<ContextLengthExceededException>(() => tiny.RestoreAsync(file, Token));
            Assert.Equal((320, 304), (tooLong.RequestedTokens, tooLong.AvailableTokens));
        }
        await using InferenceEngine small = SnapshotTests.Create(KvCacheType.F16, cacheTokens: 512);
        long blockBytes = (await ContextSnapshot.ReadInfoAsync(file, Token)).BlockBytes;
        await using (IAsyncEnumerator<CompletionUpdate> stream = small.GenerateAsync(
            SnapshotTests.Tokens(208, seed: 4), s_long with { MaxTokens = 200 }, Token).GetAsyncEnumerator(Token))
        {
            Assert.True(await stream.MoveNextAsync()); // 208 tokens and what follows them are in use: 14 blocks of 32 or more
            var tooSmall = await Assert.ThrowsAsync<InsufficientDeviceMemoryException>(() => small.RestoreAsync(file, Token));
            Assert.Equal(20 * blockBytes, tooSmall.NeededBytes);
            Assert.InRange(tooSmall.AvailableBytes, 0, 18 * blockBytes);
        }
        using RetainedContext later = await EventuallyAsync(() => small.RestoreAsync(file, Token));
        Assert.Equal(320, await later.CountHeldTokensAsync());
        await SnapshotTests.AssertNothingHeld(small);
    }

    [Fact]
    public async Task What_others_retain_gives_way_last_and_blocks_in_the_cache_are_not_read_again()
    {
        string file = _folder.FileOf("context");
        await using InferenceEngine engine = SnapshotTests.Create(KvCacheType.F16, cacheTokens: 512);
        using (RetainedContext saved = await engine.RetainAsync(SnapshotTests.Tokens(320), Token))
            await saved.SaveAsync(file, Token);
        // Everything but the header is zeros now, and yet all is well: nothing of it is read.
        await SnapshotFolder.CopyWithZerosAsync(file, _folder.FileOf("zeros"), Token);
        using (RetainedContext known = await engine.RestoreAsync(_folder.FileOf("zeros"), Token))
            Assert.Equal(320, await known.CountHeldTokensAsync());
        byte[] before = await File.ReadAllBytesAsync(file, Token);
        using (RetainedContext known = await engine.RestoreAsync(file, Token))
            await known.SaveAsync(file, Token);
        Assert.Equal(before, await File.ReadAllBytesAsync(file, Token));

        // The second one takes the 4 blocks that are free and 16 cached ones, though the retained ones were used longer ago.
        using RetainedContext old = await engine.RetainAsync(SnapshotTests.Tokens(128, seed: 1), Token);
        using RetainedContext wide = await engine.RetainAsync(SnapshotTests.Tokens(320, seed: 2), Token);
        Assert.Equal(128, await old.CountHeldTokensAsync());
        using RetainedContext restored = await engine.RestoreAsync(file, Token);
        Assert.Equal(320, await restored.CountHeldTokensAsync());
        Assert.True(await old.CountHeldTokensAsync() + await wide.CountHeldTokensAsync() <= 192);
        await SnapshotTests.AssertNothingHeld(engine);
    }

    [Fact]
    public async Task A_cancelled_save_leaves_the_file_that_was_there_and_no_other()
    {
        string file = _folder.FileOf("context");
        await File.WriteAllTextAsync(file, "before", Token);
        await using InferenceEngine engine = SnapshotTests.Create(KvCacheType.F32);
        using RetainedContext context = await engine.RetainAsync(SnapshotTests.Tokens(176), Token);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => context.SaveAsync(file, cancelled.Token));
        for (int microseconds = 0; microseconds < 3000; microseconds += 150)
        {
            using var source = new CancellationTokenSource();
            Task saving = context.SaveAsync(_folder.FileOf("cancelled"), source.Token);
            await Task.Delay(TimeSpan.FromMicroseconds(microseconds), Token);
            await source.CancelAsync();
            await Task.WhenAny(saving);
            Assert.True(saving.IsCanceled || saving.IsCompletedSuccessfully, $"{saving.Exception}");
        }
        Assert.Equal("before", await File.ReadAllTextAsync(file, Token));
        Assert.DoesNotContain(_folder.Names, name => name.EndsWith(".tmp", StringComparison.Ordinal));
        await SnapshotTests.AssertNothingHeld(engine);
        await Assert.ThrowsAsync<DirectoryNotFoundException>(() => context.SaveAsync(_folder.FileOf("no/folder"), Token));
        await SnapshotTests.AssertNothingHeld(engine);
    }

    [Fact]
    public async Task A_cancelled_restoration_holds_nothing()
    {
        string file = _folder.FileOf("context");
        await using InferenceEngine engine = SnapshotTests.Create(KvCacheType.F32);
        using (RetainedContext context = await engine.RetainAsync(SnapshotTests.Tokens(176), Token))
            await context.SaveAsync(file, Token);
        for (int microseconds = 0; microseconds < 3000; microseconds += 600)
        {
            await using InferenceEngine other = SnapshotTests.Create(KvCacheType.F32);
            using var source = new CancellationTokenSource();
            Task<RetainedContext> restoring = other.RestoreAsync(file, source.Token);
            await Task.Delay(TimeSpan.FromMicroseconds(microseconds), Token);
            await source.CancelAsync();
            await Task.WhenAny(restoring);
            Assert.True(restoring.IsCanceled || restoring.IsCompletedSuccessfully, $"{restoring.Exception}");
            Assert.Equal(restoring.IsCanceled ? 0 : 11, await other.Loop.InvokeAsync((pool, _) => pool.Retained));
            await SnapshotTests.AssertNothingHeld(other);
        }
    }

    [Fact]
    public async Task An_engine_that_goes_away_ends_saves_and_restorations_with_its_own_exception()
    {
        string file = _folder.FileOf("context");
        for (int i = 0; i < 4; i++)
        {
            InferenceEngine engine = SnapshotTests.Create(KvCacheType.F32);
            RetainedContext context = await engine.RetainAsync(SnapshotTests.Tokens(176), Token);
            Task saving = Task.Run(() => context.SaveAsync(file, Token), Token);
            await Task.Delay(i, Token);
            engine.Dispose();
            await Task.WhenAny(saving);
            Assert.True(saving.IsCompletedSuccessfully || saving.Exception!.InnerException is ObjectDisposedException, $"{saving.Exception}");
            await Assert.ThrowsAsync<ObjectDisposedException>(() => context.SaveAsync(file, Token));
            await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.RestoreAsync(file, Token));
        }
        Assert.DoesNotContain(_folder.Names, name => name.EndsWith(".tmp", StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The blocks of an abandoned request are free a step later.</summary>
    private static async Task<T> EventuallyAsync<T>(Func<Task<T>> action)
    {
        for (int attempts = 0; ; attempts++)
        {
            try
            {
                return await action();
            }
            catch (InsufficientDeviceMemoryException) when (attempts < 100)
            {
                await Task.Delay(10, Token);
            }
        }
    }
}
