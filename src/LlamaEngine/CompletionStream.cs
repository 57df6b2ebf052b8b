using System.Collections.Immutable;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using LlamaEngine.Diagnostics;
using LlamaEngine.KvCache;
using LlamaEngine.Sampling;
using LlamaEngine.Scheduling;

namespace LlamaEngine;

/// <summary>What a caller wants generated, checked and encoded.</summary>
/// <param name="Operation">gen_ai.operation.name.</param>
/// <param name="Tokens">The prompt.</param>
/// <param name="MaxTokens">Most tokens to generate; they fit behind the prompt.</param>
/// <param name="Parameters">How to sample.</param>
/// <param name="Options">Choices, priority, time.</param>
/// <param name="Retention">What keeps the blocks of the first choice; null: nothing does.</param>
internal sealed record CompletionPlan(
    string Operation, int[] Tokens, int MaxTokens, SamplingParameters Parameters, GenerationOptions Options, RetainedPrefix? Retention);

/// <summary>The completions of one prompt, on their caller's side.</summary>
internal sealed class CompletionStream(LoadedEngine engine, CompletionPlan plan)
{
    /// <summary>Queues the request when the enumeration begins, and reads what it generates.</summary>
    public async IAsyncEnumerable<CompletionUpdate> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var signal = new AsyncSignal();
        // Abandoning the enumeration must end the request, so it has a source of its own.
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using Activity? activity = Telemetry.Start(plan.Operation, engine.ModelName);
        activity?.Describe(plan.Parameters, plan.Options.Choices);
        ImmutableArray<GenerationRequest> requests = CreateRequests(signal, abandon.Token);
        CompletionReader[] readers = [.. requests.Select((request, choice) => new CompletionReader(request, engine.Tokenizer, choice, cancellationToken))];
        engine.Submit(requests[0], requests.Length);
        try
        {
            while (true)
            {
                bool found = false;
                foreach (CompletionReader reader in readers)
                {
                    while (reader.TryRead(out CompletionUpdate? update))
                    {
                        found = true;
                        yield return update;
                    }
                }
                if (Array.TrueForAll(readers, reader => reader.IsDone))
                    break;
                await WaitAsync(signal, rests: found).ConfigureAwait(false);
            }
        }
        finally
        {
            await abandon.CancelAsync().ConfigureAwait(false);
            Record(requests, activity);
        }
    }

    /// <summary>Ends when there may be more to read.</summary>
    /// <param name="rests">Something was handed over just now, so that more may take its time.</param>
    private ValueTask WaitAsync(AsyncSignal signal, bool rests) =>
        rests && plan.Options.Pace?.Next is { Ticks: not 0 } rest ? signal.RestAsync(rest) : signal.WaitAsync();

    /// <summary>One request a choice: the first computes the prompt, the others begin as copies of it.</summary>
    private ImmutableArray<GenerationRequest> CreateRequests(AsyncSignal signal, CancellationToken cancellation)
    {
        ImmutableArray<GenerationRequest> followers =
            [.. Enumerable.Range(1, plan.Options.Choices - 1).Select(choice => Create(choice, [], signal, cancellation))];
        return [Create(0, followers, signal, cancellation), .. followers];
    }

    private GenerationRequest Create(int choice, ImmutableArray<GenerationRequest> followers, AsyncSignal signal, CancellationToken cancellation)
    {
        SamplingParameters own = plan.Parameters with { Seed = unchecked(plan.Parameters.Seed + (ulong)choice) };
        CompletionText? stops = CompletionText.CreateForStops(engine.Tokenizer, own);
        return new GenerationRequest(plan.Tokens, plan.MaxTokens, own, engine.SamplerScratch, stops, signal, cancellation)
        {
            Priority = plan.Options.Priority,
            Timeout = plan.Options.Timeout,
            Gauge = engine.Gauge,
            Retention = choice == 0 ? plan.Retention : null,
            Followers = followers,
        };
    }

    /// <summary>Reports the requests; those that have not ended were abandoned.</summary>
    private void Record(ImmutableArray<GenerationRequest> requests, Activity? activity)
    {
        Exception? error = null;
        foreach (GenerationRequest request in requests)
        {
            Exception? own = request.Progress.HasEnded ? request.Error : new OperationCanceledException("The enumeration was abandoned.");
            engine.Meter.RecordRequest(plan.Operation, request.Usage, request.Timings, own);
            error ??= own;
        }
        if (activity is null)
            return;
        TokenUsage first = requests[0].Usage;
        var usage = new TokenUsage(first.PromptTokens, requests.Sum(request => request.Usage.CompletionTokens), first.CachedTokens);
        activity.Finish(usage, [.. requests.Select(request => request.Finish.ToString().ToLowerInvariant())], error);
    }
}
