using LlamaEngine.AspNetCore.Diagnostics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlamaEngine.AspNetCore.Lifetime;

/// <summary>Drains the server when the host is told to stop, before the host stops listening: readiness says so meanwhile.</summary>
internal sealed class DrainService(
    ServerLifetime lifetime, IOptions<LlamaEngineServerOptions> options, TimeProvider clock, ILogger<DrainService> logger) : IHostedLifecycleService
{
    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        TimeSpan deadline = options.Value.DrainTimeout;
        Log.Draining(logger, lifetime.Requests, deadline.TotalSeconds);
        await lifetime.DrainAsync(deadline, clock, cancellationToken).ConfigureAwait(false);
        if (lifetime.CutOff > 0)
            Log.CutOff(logger, lifetime.CutOff);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
