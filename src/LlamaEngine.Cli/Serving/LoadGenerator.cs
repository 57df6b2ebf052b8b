using System.Diagnostics;

namespace LlamaEngine.Cli.Serving;

/// <summary>Sends planned requests to an engine or a server, as many users would: each user has one request at a time.</summary>
/// <remarks>
/// In a closed loop a user sends the next request when the last is done. With arrivals of their own, requests take the next free
/// user in the order of their arrival; one that finds all of them busy waits for one, and its times count that wait.
/// </remarks>
internal sealed class LoadGenerator(ILoadTarget target)
{
    private readonly Lock _lock = new();
    private TimeSpan _waited;
    private int _started;
    private int _peakBlocks;

    /// <summary>Most blocks of the KV cache that were seen in use when a token came.</summary>
    public int PeakBlocks => _peakBlocks;

    /// <summary>Sends all requests and waits for their ends.</summary>
    /// <param name="users">Most requests at a time.</param>
    /// <param name="requests">The requests.</param>
    /// <param name="done">Called when one has ended, on any thread.</param>
    /// <returns>What came of them, in the same order.</returns>
    public async Task<ServedRequest[]> RunAsync(
        int users, PlannedRequest[] requests, Action done, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var served = new ServedRequest[requests.Length];
        long start = Stopwatch.GetTimestamp();
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, users).Select(_ => Task.Run(UserAsync, CancellationToken.None)));
        return served;

        async Task UserAsync()
        {
            try
            {
                for (int i = Interlocked.Increment(ref next); i < requests.Length; i = Interlocked.Increment(ref next))
                {
                    long arrived = await WaitForArrivalAsync(requests[i], start, stop.Token);
                    served[i] = await ServeAsync(requests[i], arrived, stop.Token);
                    done();
                }
            }
            catch
            {
                await stop.CancelAsync(); // one failure ends the run, not the other users' patience
                throw;
            }
        }
    }

    private static async Task<long> WaitForArrivalAsync(PlannedRequest request, long start, CancellationToken cancellationToken)
    {
        if (request.Arrival is not { } arrival)
            return Stopwatch.GetTimestamp();
        TimeSpan left = arrival - Stopwatch.GetElapsedTime(start);
        if (left > TimeSpan.Zero)
            await Task.Delay(left, cancellationToken);
        return start + (long)(arrival.TotalSeconds * Stopwatch.Frequency);
    }

    private async Task<ServedRequest> ServeAsync(PlannedRequest request, long arrived, CancellationToken cancellationToken)
    {
        var served = new ServedRequest(request, arrived);
        using var withdrawal = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (request.Withdrawal is { Kind: WithdrawalKind.CancelWaiting, Wait: double share })
            withdrawal.CancelAfter(MeanWait() * share);
        try
        {
            await ReadAsync(served, withdrawal);
        }
        catch (OperationCanceledException) when (request.Withdrawal is not null && !cancellationToken.IsCancellationRequested)
        {
            served.Cancelled = true;
        }
        return served;
    }

    private async Task ReadAsync(ServedRequest served, CancellationTokenSource withdrawal)
    {
        Withdrawal? plan = served.Plan.Withdrawal;
        await foreach (CompletionUpdate update in target.GenerateAsync(served.Plan, withdrawal.Token))
        {
            served.Add(update);
            Note(served);
            if (update.FinishReason != FinishReason.None || served.Tokens != plan?.Tokens)
                continue;
            if (plan is { Kind: WithdrawalKind.CancelDecoding })
                await withdrawal.CancelAsync();
            served.Cancelled = plan is { Kind: WithdrawalKind.Abandon };
            if (served.Cancelled)
                break;
        }
    }

    private void Note(ServedRequest served)
    {
        int blocks = target.Statistics.KvBlocksInUse;
        lock (_lock)
        {
            _peakBlocks = Math.Max(_peakBlocks, blocks);
            if (served.Tokens != 1 || !served.IsMeasured)
                return;
            _waited += served.TimeToFirstToken;
            _started++;
        }
    }

    private TimeSpan MeanWait()
    {
        lock (_lock)
            return _started == 0 ? TimeSpan.Zero : _waited / _started;
    }
}
