using LlamaEngine.AspNetCore;
using LlamaEngine.AspNetCore.Bulk;
using LlamaEngine.AspNetCore.Bulk.Endpoints;
using LlamaEngine.AspNetCore.Http;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Operations;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.AspNetCore.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

// Where the programs that call this look already.
namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps LlamaEngine's REST API.</summary>
public static class LlamaEngineEndpointRouteBuilderExtensions
{
    private const string LogCategory = "LlamaEngine.AspNetCore";

    /// <summary>
    /// Maps the endpoints, which serve the engines that <c>AddLlamaEngine</c> and <c>AddKeyedLlamaEngine</c> have put into the app's
    /// container and the models of <c>AddLlamaEngineServer</c>. docs/rest.md describes them.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <returns>The endpoints, for conventions that all of them share.</returns>
    /// <exception cref="InvalidOperationException">Two models have the same name.</exception>
    public static RouteGroupBuilder MapLlamaEngine(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RouteGroupBuilder group = endpoints.MapGroup("");
        IServiceProvider services = ServerServices.Of(endpoints.ServiceProvider);
        ILogger logger = endpoints.ServiceProvider.GetService<ILoggerFactory>()?.CreateLogger(LogCategory) ?? NullLogger.Instance;
        var limits = services.GetRequiredService<ServerLimits>();
        foreach (IOperation operation in services.GetServices<IOperation>())
            group.MapPost(operation.Path, (RequestDelegate)new OperationEndpoint(operation, limits, logger).HandleAsync);
        var models = new ModelListing(services.GetRequiredService<IModelCatalog>());
        group.MapGet("/v1/models", Guarded(models.ListAsync, logger));
        group.MapGet("/v1/models/{**id}", Guarded(models.GetAsync, logger));
        var sessions = new SessionEndpoint(services.GetRequiredService<IModelCatalog>(), services.GetRequiredService<SessionShelf>());
        group.MapDelete("/v1/sessions/{id}", Guarded(sessions.EndAsync, logger));
        group.MapBulk(services.GetRequiredService<BulkService>(), limits, endpoint => Guarded(endpoint, logger));
        return group;
    }

    private static RequestDelegate Guarded(Func<HttpContext, Task> endpoint, ILogger logger) =>
        context => ApiEndpoint.RunAsync(context, endpoint, null, logger);
}
