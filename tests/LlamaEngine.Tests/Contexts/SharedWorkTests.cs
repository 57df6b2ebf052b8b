using LlamaEngine.Contexts;
using LlamaEngine.Threading;

namespace LlamaEngine.Tests.Contexts;

/// <summary>Work that many wait for is done once, and cancelled only by the last who gives up.</summary>
public class SharedWorkTests
{
    private readonly TaskCompletionSource<int> _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _started;
    private CancellationToken _seen;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sixty_four_waiters_cause_one_start()
    {
        SharedWork<int> work = Create();
        Task<int>[] waiting = [.. Enumerable.Range(0, 64).Select(_ => work.TryWait(Token)!)];
        _gate.SetResult(7);
        Assert.All(await Task.WhenAll(waiting), result => Assert.Equal(7, result));
        Assert.Equal(1, _started);
        Assert.Null(work.TryWait(Token));
    }

    [Fact]
    public async Task One_who_gives_up_leaves_the_others()
    {
        SharedWork<int> work = Create();
        using var source = new CancellationTokenSource();
        Task<int> leaving = work.TryWait(source.Token)!, staying = work.TryWait(Token)!;
        await source.CancelAsync();
        var cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaving);
        Assert.Equal(source.Token, cancelled.CancellationToken);
        Assert.False(_seen.IsCancellationRequested);
        _gate.SetResult(7);
        Assert.Equal(7, await staying);
    }

    [Fact]
    public async Task The_last_who_gives_up_cancels()
    {
        SharedWork<int> work = Create();
        using var source = new CancellationTokenSource();
        Task<int>[] waiting = [work.TryWait(source.Token)!, work.TryWait(source.Token)!];
        await source.CancelAsync();
        foreach (Task<int> one in waiting)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => one);
        Assert.Null(work.TryWait(Token));
        await work.WhenEnded();
        Assert.True(_started == 0 || _seen.IsCancellationRequested);
    }

    [Fact]
    public async Task A_failure_reaches_all()
    {
        SharedWork<int> work = Create();
        Task<int>[] waiting = [work.TryWait(Token)!, work.TryWait(Token)!];
        _gate.SetException(new InvalidOperationException("no"));
        foreach (Task<int> one in waiting)
            await Assert.ThrowsAsync<InvalidOperationException>(() => one);
        await work.WhenEnded();
    }

    private SharedWork<int> Create() => new(async token =>
    {
        Interlocked.Increment(ref _started);
        _seen = token;
        return await _gate.Task.WaitAsync(token);
    });
}
