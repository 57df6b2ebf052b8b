using Microsoft.Extensions.Hosting;

namespace LlamaEngine.DependencyInjection;

/// <summary>Loads an engine while the host starts. What goes wrong is what the host's start ends with.</summary>
internal sealed class EngineWarmUp(EngineHolder holder) : IHostedService
{
    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        LlamaEngineOptions options = holder.Options;
        if (!options.LoadAtStart)
            return;
        InferenceEngine engine = await holder.LoadAsync(cancellationToken).ConfigureAwait(false);
        if (options.WarmUpPrompt is { } prompt)
            await engine.CompleteAsync(prompt, new GenerationOptions { MaxTokens = 1 }, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The container frees the engine.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
