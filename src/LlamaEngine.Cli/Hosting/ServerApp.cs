using System.Collections.Immutable;
using LlamaEngine.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace LlamaEngine.Cli.Hosting;

/// <summary>The web app of <c>serve</c>: what any program can make of LlamaEngine.AspNetCore, and no more.</summary>
internal static class ServerApp
{
    /// <summary>Builds it; nothing is loaded or listened to before its start.</summary>
    public static WebApplication Build(ServerSettings settings)
    {
        // Empty: neither files in the working folder nor variables of other programs configure it.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "llama-engine" });
        builder.WebHost.UseKestrelCore().UseUrls([.. settings.Urls]).ConfigureKestrel(Configure);
        builder.Services.AddRoutingCore();
        builder.Services.AddMetrics();
        AddLog(builder.Logging);
        AddModels(builder.Services, settings);
        if (!settings.CorsOrigins.IsEmpty)
            builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy.WithOrigins([.. settings.CorsOrigins]).AllowAnyHeader().AllowAnyMethod()));
        WebApplication app = builder.Build();
        if (!settings.CorsOrigins.IsEmpty)
            app.UseCors();
        app.Use(UnknownPaths.AnswerAsync);
        app.MapLlamaEngine();
        app.MapLlamaEngineOperations();
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel) => kestrel.AddServerHeader = false;

    /// <summary>Standard error: standard output is for results.</summary>
    private static void AddLog(ILoggingBuilder logging)
    {
        logging.AddFilter("Microsoft", LogLevel.Warning).SetMinimumLevel(LogLevel.Information);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss'Z' ";
            console.UseUtcTimestamp = true;
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    /// <summary>A single model has all the memory and stays; several share it and come and go.</summary>
    private static void AddModels(IServiceCollection services, ServerSettings settings)
    {
        if (settings.Models is [var only])
            services.AddKeyedLlamaEngine(only.Name, options => CopyTo(options, settings.Engine with { ModelPath = only.Path }));
        services.AddLlamaEngineServer(options =>
        {
            options.PreloadEngines = true;
            options.MaxRequests = settings.MaxRequests;
            options.ApiKeyFile = settings.ApiKeyFile;
            options.DataFolder = settings.DataFolder;
            options.EndpointFile = settings.EndpointFile;
            options.DrainTimeout = settings.DrainTimeout;
            options.StreamInterval = settings.StreamInterval;
            options.KeepAlive = settings.KeepAlive;
            foreach (ServedModel model in settings.Models.Length > 1 ? settings.Models : ImmutableArray<ServedModel>.Empty)
            {
                options.Models.Add(new LlamaEngineServerModel
                {
                    Name = model.Name,
                    Engine = settings.Engine with { ModelPath = model.Path },
                    LoadAtStart = model == settings.Models[0],
                });
            }
        });
    }

    private static void CopyTo(LlamaEngine.DependencyInjection.LlamaEngineOptions options, EngineOptions engine)
    {
        options.LoadAtStart = false;
        options.ModelPath = engine.ModelPath;
        options.Device = engine.Device;
        options.DeviceOrdinal = engine.DeviceOrdinal;
        options.Threads = engine.Threads;
        options.ContextLength = engine.ContextLength;
        options.KvCacheType = engine.KvCacheType;
        options.MaxQueuedRequests = engine.MaxQueuedRequests;
    }
}
