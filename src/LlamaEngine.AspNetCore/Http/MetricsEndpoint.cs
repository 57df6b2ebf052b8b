using LlamaEngine.AspNetCore.Metrics;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Http;

/// <summary>Serves the metrics to Prometheus.</summary>
internal sealed class MetricsEndpoint(MetricsCollector collector)
{
    /// <summary>Answers with all of them.</summary>
    public Task HandleAsync(HttpContext context)
    {
        context.Response.ContentType = PrometheusText.ContentType;
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(PrometheusText.Write(collector.Collect()), context.RequestAborted);
    }
}
