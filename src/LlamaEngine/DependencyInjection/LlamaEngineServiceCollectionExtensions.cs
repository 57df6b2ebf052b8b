using System.Diagnostics.Metrics;
using LlamaEngine;
using LlamaEngine.DependencyInjection;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

// Where the programs that call these look already.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts engines into a container.</summary>
public static class LlamaEngineServiceCollectionExtensions
{
    /// <summary>
    /// Adds an engine: the singletons <see cref="InferenceEngine"/>, <see cref="IChatClient"/> and
    /// <see cref="IEmbeddingGenerator{TInput, TEmbedding}"/> of string and float, all three over one model, which is loaded when the
    /// host starts, or else at their first use, where resolving them waits for it.
    /// </summary>
    /// <remarks>
    /// The container owns the engine and frees it when it is disposed. Options are checked when the host starts; a model that cannot be
    /// loaded ends the start with the exception that <see cref="InferenceEngine.Create(EngineOptions)"/> would throw. Calling it
    /// again adds to the options, not another engine.
    /// </remarks>
    /// <param name="services">The container to be.</param>
    /// <param name="configure">Sets options; null: the defaults, or what the options returned are bound to.</param>
    /// <returns>The engine's options, to be configured on, for example bound to a section of the program's configuration.</returns>
    public static OptionsBuilder<LlamaEngineOptions> AddLlamaEngine(
        this IServiceCollection services, Action<LlamaEngineOptions>? configure = null) => Add(services, null, configure);

    /// <summary>Adds an engine under a key, one of several: the same services, keyed; its options bear the key as their name.</summary>
    /// <param name="serviceKey">The key, a text that is not empty.</param>
    /// <inheritdoc cref="AddLlamaEngine(IServiceCollection, Action{LlamaEngineOptions}?)"/>
    public static OptionsBuilder<LlamaEngineOptions> AddKeyedLlamaEngine(
        this IServiceCollection services, string serviceKey, Action<LlamaEngineOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(serviceKey);
        return Add(services, serviceKey, configure);
    }

    /// <summary>The key of what loads an engine: the name of its options, so that the one without a key has one here too.</summary>
    internal static string HolderKey(string? key) => key ?? Options.Options.DefaultName;

    private static OptionsBuilder<LlamaEngineOptions> Add(IServiceCollection services, string? key, Action<LlamaEngineOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        string name = HolderKey(key);
        if (!services.Any(service => service.ServiceType == typeof(EngineHolder) && Equals(service.ServiceKey, name)))
            AddServices(services, key, name);
        OptionsBuilder<LlamaEngineOptions> options = services.AddOptions<LlamaEngineOptions>(name).ValidateOnStart();
        return configure is null ? options : options.Configure(configure);
    }

    private static void AddServices(IServiceCollection services, string? key, string name)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<LlamaEngineOptions>, LlamaEngineOptionsValidator>());
        services.AddKeyedSingleton(name, (provider, _) => new EngineHolder(
            name,
            provider.GetRequiredService<IOptionsMonitor<LlamaEngineOptions>>(),
            provider.GetService<ILoggerFactory>(),
            provider.GetService<IMeterFactory>()));
        services.AddSingleton<IHostedService>(provider => new EngineWarmUp(Holder(provider)));
        AddClient(holder => holder.Engine);
        AddClient<IChatClient>(holder => holder.Engine.AsChatClient(holder.Options.Conversations));
        AddClient(holder => holder.Engine.AsEmbeddingGenerator(holder.Options.Embeddings));

        EngineHolder Holder(IServiceProvider provider) => provider.GetRequiredKeyedService<EngineHolder>(name);

        void AddClient<T>(Func<EngineHolder, T> create) where T : class =>
            services.Add(new ServiceDescriptor(typeof(T), key, (provider, _) => create(Holder(provider)), ServiceLifetime.Singleton));
    }
}
