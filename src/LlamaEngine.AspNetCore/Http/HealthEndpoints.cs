using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Lifetime;
using LlamaEngine.AspNetCore.Models;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Http;

/// <summary>Tells balancers and supervisors how the server is.</summary>
internal sealed class HealthEndpoints(ServerLifetime lifetime, IModelCatalog catalog)
{
    /// <summary>200 for as long as the process answers.</summary>
    public static Task LiveAsync(HttpContext context) => AnswerAsync(context, StatusCodes.Status200OK, "live");

    /// <summary>200 while requests are taken; 503 while models load, and once the server drains.</summary>
    public Task ReadyAsync(HttpContext context)
    {
        string status = lifetime.IsDraining ? "draining" : catalog.IsReady ? "ready" : "loading";
        return AnswerAsync(context, status == "ready" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, status);
    }

    private static Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(new JsonObject { ["status"] = text }.ToJsonString(), context.RequestAborted);
    }
}
