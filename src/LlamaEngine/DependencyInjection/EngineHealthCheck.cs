using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LlamaEngine.DependencyInjection;

/// <summary>Whether an engine can answer: looks, but loads and computes nothing.</summary>
internal sealed class EngineHealthCheck(EngineHolder holder) : IHealthCheck
{
    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Check(context.Registration.FailureStatus));

    private HealthCheckResult Check(HealthStatus failure) => holder.Load switch
    {
        null => HealthCheckResult.Degraded("The model is not loaded yet; the first use loads it."),
        { IsCompleted: false } => HealthCheckResult.Degraded("The model is being loaded."),
        { IsCompletedSuccessfully: true } load => Check(load.Result, failure),
        { IsCanceled: true } => HealthCheckResult.Degraded("Loading the model was given up; the next use loads it."),
        { Exception: var exception } => new(failure, "The model could not be loaded.", exception!.InnerException),
    };

    private static HealthCheckResult Check(InferenceEngine engine, HealthStatus failure) => engine.Fault is { } fault
        ? new(failure, fault.Message, fault, Data(engine))
        : HealthCheckResult.Healthy($"{engine.Model.Name} is loaded.", Data(engine));

    private static Dictionary<string, object> Data(InferenceEngine engine)
    {
        EngineStatistics statistics = engine.Statistics;
        return new Dictionary<string, object>
        {
            ["Model"] = engine.Model.Name,
            [nameof(statistics.RunningSequences)] = statistics.RunningSequences,
            [nameof(statistics.WaitingSequences)] = statistics.WaitingSequences,
            [nameof(statistics.KvBlocks)] = statistics.KvBlocks,
            [nameof(statistics.KvBlocksInUse)] = statistics.KvBlocksInUse,
            [nameof(statistics.KvBlocksCached)] = statistics.KvBlocksCached,
            [nameof(statistics.KvBlocksRetained)] = statistics.KvBlocksRetained,
            [nameof(statistics.EndedRequests)] = statistics.EndedRequests,
            [nameof(statistics.ComputedTokens)] = statistics.ComputedTokens,
            [nameof(statistics.GeneratedTokens)] = statistics.GeneratedTokens,
            [nameof(statistics.PrefixHitTokens)] = statistics.PrefixHitTokens,
            [nameof(statistics.Preemptions)] = statistics.Preemptions,
        };
    }
}
