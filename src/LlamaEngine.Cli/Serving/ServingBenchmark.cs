using System.Diagnostics;
using LlamaEngine.Cli.Json;

namespace LlamaEngine.Cli.Serving;

/// <summary>Measures an engine or a server under load, once for every number of users, and keeps what was served for verification.</summary>
/// <param name="target">What is measured.</param>
/// <param name="vocabulary">The tokens that prompts are made of.</param>
internal sealed class ServingBenchmark(ILoadTarget target, int[] vocabulary, Workload workload)
{
    private const int WarmUpUsers = 8, WarmUpRequests = 16;

    private readonly RequestPlanner _planner = new(workload, vocabulary);

    /// <summary>Runs a few requests that are not measured: page faults, compiled code, the clock of the processor.</summary>
    public async Task WarmUpAsync(CancellationToken cancellationToken) =>
        await new LoadGenerator(target).RunAsync(WarmUpUsers, _planner.Plan(WarmUpRequests), () => { }, cancellationToken);

    /// <summary>Measures one run.</summary>
    /// <param name="users">Requests at a time.</param>
    /// <param name="requests">Requests in all.</param>
    /// <param name="done">Called when one has ended.</param>
    public async Task<(ServingRun Run, ServedRequest[] Served)> RunAsync(
        int users, int requests, Action done, CancellationToken cancellationToken)
    {
        PlannedRequest[] planned = _planner.Plan(requests);
        LoadGenerator load = new(target);
        EngineStatistics before = target.Statistics;
        long start = Stopwatch.GetTimestamp();
        ServedRequest[] served = await load.RunAsync(users, planned, done, cancellationToken);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        EngineStatistics after = target.Statistics;
        ServingRun summary = Summarize(served), run = summary with
        {
            Users = users,
            WallSeconds = seconds,
            ThroughputTokensPerSecond = summary.GeneratedTokens / seconds,
            PrefixHitTokens = after.PrefixHitTokens - before.PrefixHitTokens,
            Preemptions = after.Preemptions - before.Preemptions,
            PeakKvTokens = load.PeakBlocks * after.KvBlockSize,
        };
        return (run, served);
    }

    private static ServingRun Summarize(ServedRequest[] served)
    {
        ServedRequest[] measured = [.. served.Where(request => request.IsMeasured)];
        return new ServingRun
        {
            Requests = served.Length,
            TtftMs = Percentiles.Of(measured.Select(request => request.TimeToFirstToken)),
            TimePerOutputTokenMs = Percentiles.Of(measured.Select(request => request.TimePerOutputToken).OfType<TimeSpan>()),
            LatencyMs = Percentiles.Of(measured.Select(request => request.Latency)),
            PromptTokens = served.Sum(request => (long)request.Plan.Prompt.Length),
            GeneratedTokens = served.Sum(request => (long)request.Tokens),
            Cancelled = served.Count(request => request.Cancelled),
            CancelledBeforeFirstToken = served.Count(request => request is { Cancelled: true, Tokens: 0 }),
        };
    }
}
