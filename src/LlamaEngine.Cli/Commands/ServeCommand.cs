using System.CommandLine;
using System.Runtime.ExceptionServices;
using LlamaEngine.AspNetCore.Lifetime;
using LlamaEngine.Cli.Hosting;
using LlamaEngine.Formats;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LlamaEngine.Cli.Commands;

/// <summary><c>serve</c>: the REST API over HTTP, until the process is told to stop.</summary>
internal sealed class ServeCommand
{
    /// <summary>The command's name.</summary>
    public const string Name = "serve";

    private readonly ServeOptions _options = new();

    /// <summary>The command for the command line.</summary>
    public static Command Create()
    {
        ServeCommand serve = new();
        Command command = new(Name, "Serve models over HTTP, as OpenAI's API does. SIGTERM and Ctrl+C end it: running requests may finish first.");
        serve._options.AddTo(command);
        command.SetAction(serve.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        ServerSettings settings = _options.Read(parsed);
        foreach (ServedModel model in settings.Models)
            ModelFile.Open(model.Path).Dispose(); // what is no model is said before anything listens
        using Exporters exporters = Exporters.Start(Environment.GetEnvironmentVariable);
        await using WebApplication app = ServerApp.Build(settings);
        var lifetime = app.Services.GetRequiredService<ServerLifetime>();
        await app.StartAsync(cancellationToken);
        // Cancelling is being told to stop as well: what runs may finish.
        await using (cancellationToken.UnsafeRegister(static host => ((IHostApplicationLifetime)host!).StopApplication(), app.Lifetime))
            await app.WaitForShutdownAsync(CancellationToken.None);
        if (lifetime.Failure is { } failure)
            ExceptionDispatchInfo.Throw(failure);
        return lifetime.CutOff > 0 ? ExitCodes.CutOff : ExitCodes.Success;
    }
}
