using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Bulk.Items;
using LlamaEngine.AspNetCore.Errors;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

public sealed class ItemRunnerTests
{
    private readonly ManualClock _clock = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A full engine answers later: after 50 ms, then twice that, and so on, or when it said.</summary>
    [Fact]
    public async Task A_full_queue_is_asked_again_after_longer_and_longer_times()
    {
        int asked = 0;
        FakeOperation operation = new((n, _) => ++asked switch
        {
            1 or 2 => throw new QueueFullException(5, 5),
            3 => throw ApiException.TooMany("Later.", 7, "queue_full"),
            _ => Task.FromResult(FakeOperation.Echo(n)),
        });
        Task<ItemReply> reply = Run(operation, Cancellation);
        foreach (double wait in (double[])[0.05, 0.1, 7])
        {
            await BatchFiles.UntilAsync(() => _clock.Waiting == 1);
            _clock.Advance(TimeSpan.FromSeconds(wait) - TimeSpan.FromTicks(1));
            Assert.Equal(1, _clock.Waiting);
            _clock.Advance(TimeSpan.FromTicks(1));
        }
        Assert.True((await reply).Succeeded);
        Assert.Equal(4, asked);
    }

    [Fact]
    public async Task Cancellation_ends_the_wait()
    {
        using CancellationTokenSource source = new();
        Task<ItemReply> reply = Run(new FakeOperation((_, _) => throw ApiException.TooMany("Later.", 1, "queue_full")), source.Token);
        await BatchFiles.UntilAsync(() => _clock.Waiting == 1);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reply);
    }

    [Fact]
    public async Task Cancellation_of_something_else_is_a_failure_of_the_item()
    {
        ItemReply reply = await Run(new FakeOperation((_, _) => throw new OperationCanceledException()), Cancellation);
        Assert.Equal(500, reply.StatusCode);
    }

    private Task<ItemReply> Run(FakeOperation operation, CancellationToken cancellation) =>
        new ItemRunner([operation], _clock, NullLogger.Instance).RunAsync(operation.Path, new JsonObject { ["n"] = 1 }, 0, cancellation);
}
