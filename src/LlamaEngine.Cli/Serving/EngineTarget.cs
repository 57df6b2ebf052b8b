namespace LlamaEngine.Cli.Serving;

/// <summary>An engine in this process.</summary>
internal sealed class EngineTarget(InferenceEngine engine) : ILoadTarget
{
    /// <inheritdoc/>
    public EngineStatistics Statistics => engine.Statistics;

    /// <inheritdoc/>
    public IAsyncEnumerable<CompletionUpdate> GenerateAsync(PlannedRequest request, CancellationToken cancellationToken) =>
        engine.GenerateAsync(request.Prompt, request.Options, cancellationToken);
}
