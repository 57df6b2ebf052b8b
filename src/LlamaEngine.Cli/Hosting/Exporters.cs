using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace LlamaEngine.Cli.Hosting;

/// <summary>
/// Sends traces and metrics to an OpenTelemetry collector, if the environment names one: the variables OTEL_EXPORTER_OTLP_… say where and how,
/// OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES who sends, OTEL_SDK_DISABLED=true that nothing is sent.
/// </summary>
internal sealed class Exporters : IDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private readonly TracerProvider? _traces;
    private readonly MeterProvider? _metrics;

    private Exporters(TracerProvider? traces, MeterProvider? metrics)
    {
        _traces = traces;
        _metrics = metrics;
    }

    /// <summary>Starts what the environment asks for; nothing, if it names no collector.</summary>
    /// <param name="variable">Gives an environment variable.</param>
    public static Exporters Start(Func<string, string?> variable)
    {
        bool disabled = string.Equals(variable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase);
        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService(variable("OTEL_SERVICE_NAME") ?? "llama-engine").AddEnvironmentVariableDetector();
        return new Exporters(
            IsWanted("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
                ? Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource("LlamaEngine", "Microsoft.AspNetCore").AddOtlpExporter().Build()
                : null,
            IsWanted("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
                ? Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource)
                    .AddMeter("LlamaEngine", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel").AddOtlpExporter().Build()
                : null);

        bool IsWanted(string own) => !disabled && (variable(Endpoint) is { Length: > 0 } || variable(own) is { Length: > 0 });
    }

    /// <summary>Sends what has not been sent.</summary>
    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
    }
}
