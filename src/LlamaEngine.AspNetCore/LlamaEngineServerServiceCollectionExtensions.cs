using LlamaEngine.AspNetCore;
using LlamaEngine.AspNetCore.Lifetime;
using LlamaEngine.AspNetCore.Models;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

// Where the programs that call this look already.
namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Puts a server of models into a container.</summary>
public static class LlamaEngineServerServiceCollectionExtensions
{
    private static readonly TimeSpan s_afterDrain = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Adds what <c>app.MapLlamaEngine()</c> serves: models by name that are loaded on demand, and limits. The engines of
    /// <c>AddLlamaEngine</c> and <c>AddKeyedLlamaEngine</c> are served as well; without any other model, and with the default limits, they
    /// need no call of this.
    /// </summary>
    /// <param name="services">The container to be.</param>
    /// <param name="configure">Sets options; null: the defaults, or what the options returned are bound to.</param>
    /// <returns>The options, checked when the host starts.</returns>
    public static OptionsBuilder<LlamaEngineServerOptions> AddLlamaEngineServer(
        this IServiceCollection services, Action<LlamaEngineServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (!services.Any(service => service.ServiceType == typeof(ModelPool)))
        {
            ServerServices.AddTo(services);
            services.AddSingleton<IHostedService, DrainService>();
            services.AddSingleton<IHostedService, CatalogWarmUp>();
            services.AddSingleton<IHostedService, EndpointFileService>();
            // The host must not give up before the requests have had their time.
            services.AddOptions<HostOptions>().PostConfigure<IOptions<LlamaEngineServerOptions>>(static (host, server) =>
            {
                TimeSpan needed = server.Value.DrainTimeout + s_afterDrain;
                host.ShutdownTimeout = host.ShutdownTimeout > needed ? host.ShutdownTimeout : needed;
            });
            services.AddSingleton<IValidateOptions<LlamaEngineServerOptions>>(
                provider => new LlamaEngineServerOptionsValidator(ServerServices.HoldersOf(provider)));
        }
        OptionsBuilder<LlamaEngineServerOptions> options = services.AddOptions<LlamaEngineServerOptions>().ValidateOnStart();
        return configure is null ? options : options.Configure(configure);
    }
}
