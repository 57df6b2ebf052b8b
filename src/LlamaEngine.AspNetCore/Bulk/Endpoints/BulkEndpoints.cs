using LlamaEngine.AspNetCore.Requests;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LlamaEngine.AspNetCore.Bulk.Endpoints;

/// <summary>Maps files, batches and lists of requests.</summary>
internal static class BulkEndpoints
{
    /// <summary>Maps the endpoints.</summary>
    /// <param name="guard">Makes a delegate of an endpoint that answers what it throws.</param>
    public static void MapBulk(
        this IEndpointRouteBuilder endpoints, BulkService bulk, ServerLimits limits, Func<Func<HttpContext, Task>, RequestDelegate> guard)
    {
        FileEndpoints files = new(bulk);
        endpoints.MapPost("/v1/files", guard(files.CreateAsync));
        endpoints.MapGet("/v1/files", guard(files.ListAsync));
        endpoints.MapGet("/v1/files/{id}", guard(files.GetAsync));
        endpoints.MapDelete("/v1/files/{id}", guard(files.DeleteAsync));
        endpoints.MapGet("/v1/files/{id}/content", guard(files.GetContentAsync));
        BatchEndpoints batches = new(bulk, limits);
        endpoints.MapPost("/v1/batches", guard(batches.CreateAsync));
        endpoints.MapGet("/v1/batches", guard(batches.ListAsync));
        endpoints.MapGet("/v1/batches/{id}", guard(batches.GetAsync));
        endpoints.MapPost("/v1/batches/{id}/cancel", guard(batches.CancelAsync));
        endpoints.MapPost("/v1/bulk", guard(new BulkListEndpoint(bulk, limits).RunAsync));
    }
}
