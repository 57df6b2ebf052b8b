using LlamaEngine.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Has a program's health checks look at its engines.</summary>
public static class LlamaEngineHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a check of an engine: healthy when it is loaded and works, degraded while its model is not loaded yet, and failed, with the
    /// exception, when the load failed or an internal error stopped the engine. The check loads and computes nothing; its data are
    /// the engine's statistics.
    /// </summary>
    /// <param name="builder">The checks.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="serviceKey">The engine's key; null: the one without.</param>
    /// <param name="failureStatus">What a failure counts as; null: unhealthy.</param>
    /// <param name="tags">Tags to choose checks by.</param>
    public static IHealthChecksBuilder AddLlamaEngine(
        this IHealthChecksBuilder builder,
        string name = "llamaengine",
        string? serviceKey = null,
        HealthStatus? failureStatus = null,
        IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        string holder = LlamaEngineServiceCollectionExtensions.HolderKey(serviceKey);
        return builder.Add(new HealthCheckRegistration(
            name, provider => new EngineHealthCheck(provider.GetRequiredKeyedService<EngineHolder>(holder)), failureStatus, tags));
    }
}
