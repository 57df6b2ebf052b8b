using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using LlamaEngine.AspNetCore.Bulk;
using LlamaEngine.AspNetCore.Http;
using LlamaEngine.AspNetCore.Lifetime;
using LlamaEngine.AspNetCore.Metrics;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Operations;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.AspNetCore.Security;
using LlamaEngine.AspNetCore.Sessions;
using LlamaEngine.DependencyInjection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace LlamaEngine.AspNetCore;

/// <summary>What the endpoints are made of.</summary>
internal static class ServerServices
{
    // System.Runtime has what the process takes: working set, managed heap, threads.
    private static readonly ImmutableArray<string> s_meters =
        ["LlamaEngine", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    // One for all groups of endpoints of a program.
    private static readonly ConditionalWeakTable<IServiceProvider, ServiceProvider> s_own = [];

    /// <summary>Adds it to a container, once.</summary>
    /// <param name="app">The program's own container, where this is another one; null: it is this one.</param>
    /// <remarks>Every <see cref="IOperation"/> of the container is served at its path, so whoever adds one adds an endpoint.</remarks>
    public static void AddTo(IServiceCollection services, IServiceProvider? app = null)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => new ModelPool(
            provider.GetRequiredService<IOptions<LlamaEngineServerOptions>>().Value,
            (app ?? provider).GetService<ILoggerFactory>(),
            (app ?? provider).GetService<IMeterFactory>(),
            provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton(provider =>
        {
            bool preloads = provider.GetRequiredService<IOptions<LlamaEngineServerOptions>>().Value.PreloadEngines;
            return new ModelCatalog(
                [.. HoldersOf(app ?? provider).Select(holder => new ResidentModel(holder, preloads)), .. provider.GetRequiredService<ModelPool>().Models],
                provider.GetRequiredService<TimeProvider>());
        });
        services.TryAddSingleton<IModelCatalog>(provider => provider.GetRequiredService<ModelCatalog>());
        services.TryAddSingleton(provider => new SessionShelf(provider.GetRequiredService<IOptions<LlamaEngineServerOptions>>().Value.Sessions));
        services.TryAddSingleton(provider => LimitsOf(provider.GetRequiredService<IOptions<LlamaEngineServerOptions>>().Value));
        services.TryAddSingleton(provider =>
            new StreamPace(provider.GetRequiredService<IOptions<LlamaEngineServerOptions>>().Value.StreamInterval, Environment.ProcessorCount));
        services.TryAddSingleton<ServerLifetime>();
        services.TryAddSingleton(provider => GateOf(provider, provider.GetRequiredService<IOptions<LlamaEngineServerOptions>>().Value));
        services.TryAddSingleton(provider => new MetricsCollector(s_meters, (app ?? provider).GetService<IMeterFactory>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IOperation, ChatOperation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IOperation, CompletionOperation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IOperation, EmbeddingOperation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IOperation, TribunalOperation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IOperation, TokenizeOperation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IOperation, DetokenizeOperation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IOperation, TemplateOperation>());
        services.TryAddSingleton(provider => new BulkService(
            BulkOptionsOf(provider.GetRequiredService<IOptions<LlamaEngineServerOptions>>().Value),
            provider.GetServices<IOperation>(),
            provider.GetRequiredService<TimeProvider>(),
            (app ?? provider).GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance));
    }

    /// <summary>The container that has the endpoints' services: the program's, or one of their own where the program added engines only.</summary>
    public static IServiceProvider Of(IServiceProvider app)
    {
        if (app.GetService<IModelCatalog>() is not null)
            return app;
        return s_own.GetValue(app, CreateOwn);
    }

    private static ServiceProvider CreateOwn(IServiceProvider app)
    {
        var services = new ServiceCollection();
        services.AddOptions();
        AddTo(services, app);
        ServiceProvider own = services.BuildServiceProvider();
        app.GetService<IHostApplicationLifetime>()?.ApplicationStopped.Register(() => own.DisposeAsync().AsTask().GetAwaiter().GetResult());
        return own;
    }

    /// <summary>The engines that a program has added to its container, in that order.</summary>
    public static IReadOnlyList<EngineHolder> HoldersOf(IServiceProvider app) => [.. app.GetKeyedServices<EngineHolder>(KeyedService.AnyKey)];

    private static ApiGate GateOf(IServiceProvider provider, LlamaEngineServerOptions options)
    {
        ApiKeyRing? keys = options.ApiKeyFile is { } file ? new ApiKeyRing(ApiKeyFile.Read(file), provider.GetRequiredService<TimeProvider>()) : null;
        return new ApiGate(provider.GetRequiredService<ServerLifetime>(), keys, options.MaxRequests);
    }

    private static ServerLimits LimitsOf(LlamaEngineServerOptions options) =>
        new(options.MaxBodyBytes, options.MaxDepth, options.MaxPromptTokens, options.MaxChoices, options.MaxInputs);

    private static BulkOptions BulkOptionsOf(LlamaEngineServerOptions options) => new()
    {
        DataFolder = options.DataFolder,
        Concurrency = options.BulkConcurrency,
        MaxFileBytes = options.MaxFileBytes,
    };
}
