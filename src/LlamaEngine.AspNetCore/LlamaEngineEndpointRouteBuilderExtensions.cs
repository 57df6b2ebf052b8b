using LlamaEngine.AspNetCore;
using LlamaEngine.AspNetCore.Bulk;
using LlamaEngine.AspNetCore.Bulk.Endpoints;
using LlamaEngine.AspNetCore.Http;
using LlamaEngine.AspNetCore.Lifetime;
using LlamaEngine.AspNetCore.Metrics;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.OpenApi;
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
    /// container and the models of <c>AddLlamaEngineServer</c>. docs/rest.md describes them, and so does <c>/openapi.json</c>, which is mapped with
    /// them and needs no API key.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <returns>The endpoints, for conventions that all of them share.</returns>
    /// <exception cref="InvalidOperationException">Two models have the same name.</exception>
    public static RouteGroupBuilder MapLlamaEngine(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        IServiceProvider services = ServerServices.Of(endpoints.ServiceProvider);
        ILogger logger = LoggerOf(endpoints);
        RouteGroupBuilder all = endpoints.MapGroup("");
        var gate = services.GetRequiredService<ApiGate>();
        all.WithMetadata(OpenApiMarker.Instance).MapGet(OpenApiEndpoint.Path, Guarded(new OpenApiEndpoint(gate.NeedsKeys).HandleAsync, logger));
        // The document passes no gate.
        RouteGroupBuilder group = all.MapGroup("");
        ((IEndpointConventionBuilder)group).Finally(endpoint => endpoint.RequestDelegate = Gated(gate, endpoint.RequestDelegate!, logger));
        var limits = services.GetRequiredService<ServerLimits>();
        var pace = services.GetRequiredService<StreamPace>();
        foreach (IOperation operation in services.GetServices<IOperation>())
            group.MapPost(operation.Path, (RequestDelegate)new OperationEndpoint(operation, limits, pace, logger).HandleAsync);
        var models = new ModelListing(services.GetRequiredService<IModelCatalog>());
        group.MapGet("/v1/models", Guarded(models.ListAsync, logger));
        group.MapGet("/v1/models/{**id}", Guarded(models.GetAsync, logger));
        var sessions = new SessionEndpoint(services.GetRequiredService<IModelCatalog>(), services.GetRequiredService<SessionShelf>());
        group.MapDelete("/v1/sessions/{id}", Guarded(sessions.EndAsync, logger));
        group.MapBulk(services.GetRequiredService<BulkService>(), limits, endpoint => Guarded(endpoint, logger));
        return all;
    }

    /// <summary>
    /// Maps <c>/health/live</c>, <c>/health/ready</c> (503 while models load and while the server drains) and <c>/metrics</c> (in Prometheus' text
    /// format), for programs that have none of their own. Metrics need an API key where requests do; health does not.
    /// </summary>
    /// <param name="endpoints">The app, or a group of it.</param>
    /// <returns>The endpoints, for conventions that all of them share.</returns>
    public static RouteGroupBuilder MapLlamaEngineOperations(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        IServiceProvider services = ServerServices.Of(endpoints.ServiceProvider);
        RouteGroupBuilder group = endpoints.MapGroup("").WithMetadata(OpenApiMarker.Instance);
        var health = new HealthEndpoints(services.GetRequiredService<ServerLifetime>(), services.GetRequiredService<IModelCatalog>());
        group.MapGet("/health/live", (RequestDelegate)HealthEndpoints.LiveAsync);
        group.MapGet("/health/ready", (RequestDelegate)health.ReadyAsync);
        var gate = services.GetRequiredService<ApiGate>();
        var metrics = new MetricsEndpoint(services.GetRequiredService<MetricsCollector>(), gate);
        group.MapGet("/metrics", Guarded(metrics.HandleAsync, LoggerOf(endpoints)));
        return group;
    }

    private static RequestDelegate Gated(ApiGate gate, RequestDelegate endpoint, ILogger logger) =>
        Guarded(context => gate.PassAsync(context, endpoint), logger);

    private static ILogger LoggerOf(IEndpointRouteBuilder endpoints) =>
        endpoints.ServiceProvider.GetService<ILoggerFactory>()?.CreateLogger(LogCategory) ?? NullLogger.Instance;

    private static RequestDelegate Guarded(Func<HttpContext, Task> endpoint, ILogger logger) =>
        context => ApiEndpoint.RunAsync(context, endpoint, null, logger);
}
