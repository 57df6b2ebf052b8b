using LlamaEngine.AspNetCore.Diagnostics;
using LlamaEngine.AspNetCore.Lifetime;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.AspNetCore.Models;

/// <summary>
/// Loads the models that are to be there from the start, beside the host's start, so that it answers from the first moment on (that it is
/// not ready, for example). A model that cannot be loaded ends the host.
/// </summary>
internal sealed class CatalogWarmUp(
    ModelCatalog catalog, ServerLifetime lifetime, IHostApplicationLifetime host, ILogger<CatalogWarmUp> logger) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await catalog.PrepareAsync(stoppingToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            Log.CannotStart(logger, exception);
            lifetime.Failure = exception;
            host.StopApplication();
        }
    }
}
