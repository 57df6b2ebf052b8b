namespace LlamaEngine.Cli.Serving;

/// <summary>What a load test asks: an engine in this process, or a server.</summary>
internal interface ILoadTarget
{
    /// <summary>What it counts; zeros where it does not tell.</summary>
    EngineStatistics Statistics { get; }

    /// <summary>Continues a prompt. Updates that bring something have a token id; the last one has the usage.</summary>
    IAsyncEnumerable<CompletionUpdate> GenerateAsync(PlannedRequest request, CancellationToken cancellationToken);
}
