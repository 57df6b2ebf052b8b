using LlamaEngine.AspNetCore.Metrics;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Http;

/// <summary>Serves the metrics to Prometheus.</summary>
/// <param name="gate">Knows the API keys. Metrics pass it while the server drains, too.</param>
internal sealed class MetricsEndpoint(MetricsCollector collector, ApiGate gate)
{
    /// <summary>Answers with all of them.</summary>
    /// <exception cref="Errors.ApiException">The request has no key, and needs one.</exception>
    public Task HandleAsync(HttpContext context)
    {
        gate.Authenticate(context);
        context.Response.ContentType = PrometheusText.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(PrometheusText.Write(collector.Collect()), context.RequestAborted);
    }
}
