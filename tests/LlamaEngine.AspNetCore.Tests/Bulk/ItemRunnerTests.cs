using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Bulk.Items;
using LlamaEngine.AspNetCore.Errors;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

public sealed class ItemRunnerTests
{
    private readonly TimerClock _clock = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A full engine answers later: after 50 ms, then twice that, and so on, but not later than it said.</summary>
    [Fact]
    public async Task A_full_queue_is_asked_again_after_longer_and_longer_times()
    {
        int asked = 0;
        FakeOperation operation = new((n, _) => ++asked switch
        {
            1 or 2 => throw new QueueFullException(5, 5),
            3 => throw ApiException.TooMany("Later.", 7, "queue_full"),
            4 => throw ApiException.TooMany("Now.", 0, "queue_full"),
            _ => Task.FromResult(FakeOperation.Echo(n)),
        });
        Task<ItemReply> reply = Run(operation, Cancellation);
        foreach (double wait in (double[])[0.05, 0.1, 0.2, 0.4])
        {
            await BatchFiles.UntilAsync(() => _clock.Waiting == 1);
            _clock.Advance(TimeSpan.FromSeconds(wait) - TimeSpan.FromTicks(1));
            Assert.Equal(1, _clock.Waiting);
            _clock.Advance(TimeSpan.FromTicks(1));
        }
        Assert.True((await reply).Succeeded);
        Assert.Equal(5, asked);
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

    /// <summary>A model that cannot be had now may come; after some minutes it is given up.</summary>
    [Fact]
    public async Task A_server_that_cannot_answer_is_asked_twenty_times()
    {
        FakeOperation operation = new((_, _) => throw new ApiException(503, "server_error", "Not now."));
        Task<ItemReply> reply = Run(operation, Cancellation);
        for (int i = 1; i < 20; i++)
        {
            await BatchFiles.UntilAsync(() => _clock.Waiting == 1);
            _clock.Advance(TimeSpan.FromSeconds(30));
        }
        Assert.Equal(503, (await reply).StatusCode);
        Assert.Equal(20, operation.Asked.Count);
    }

    [Fact]
    public async Task What_the_engine_refuses_is_the_reply()
    {
        ItemReply reply = await Run(new FakeOperation((_, _) => throw new ContextLengthExceededException(9, 8)), Cancellation);
        Assert.Equal((400, "context_length_exceeded"), (reply.StatusCode, (string)reply.Body["error"]!["code"]!));
    }

    private Task<ItemReply> Run(FakeOperation operation, CancellationToken cancellation) =>
        new ItemRunner([operation], _clock, NullLogger.Instance).RunAsync(operation.Path, new JsonObject { ["n"] = 1 }, 0, cancellation);
}
