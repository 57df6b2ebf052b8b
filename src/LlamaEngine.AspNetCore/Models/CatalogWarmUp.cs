using Microsoft.Extensions.Hosting;

namespace LlamaEngine.AspNetCore.Models;

/// <summary>
/// Loads the models that are to be there from the start, beside the host's start, so that it answers from the first moment on (that it is
/// not ready, for example). A model that cannot be loaded ends the host.
/// </summary>
internal sealed class CatalogWarmUp(ModelCatalog catalog) : BackgroundService
{
    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => catalog.PrepareAsync(stoppingToken);
}
