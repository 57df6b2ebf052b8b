using System.Net;
using LlamaEngine.AspNetCore.Diagnostics;
using LlamaEngine.AspNetCore.Models;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlamaEngine.AspNetCore.Lifetime;

/// <summary>Says where the server is, in the log and in the endpoint file, once it listens and its models are there.</summary>
/// <remarks>The file goes when the server begins to drain, so that nobody new comes.</remarks>
internal sealed class EndpointFileService(
    IServer server,
    IModelCatalog catalog,
    ServerLifetime lifetime,
    IHostApplicationLifetime host,
    IOptions<LlamaEngineServerOptions> options,
    TimeProvider clock,
    ILogger<EndpointFileService> logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _announcement = Task.CompletedTask;
    private EndpointFile? _written;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _announcement = AnnounceAsync();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _announcement.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (options.Value.EndpointFile is { } path)
            _written?.Remove(path);
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    /// <summary>An address at which other machines find this one: a server that listens on all addresses names its host.</summary>
    public static string Reachable(string address)
    {
        BindingHost parts = BindingHost.Of(address);
        return parts.Host is "0.0.0.0" or "[::]" or "*" or "+" ? $"{parts.Scheme}{Dns.GetHostName()}{parts.Rest}" : address;
    }

    private async Task AnnounceAsync()
    {
        try
        {
            await catalog.WhenReadyAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception)
        {
            return; // it never was ready; whoever loads the models has said why
        }
        string url = Reachable(server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault() ?? "");
        Log.Ready(logger, url);
        if (options.Value.EndpointFile is not { } path)
            return;
        try
        {
            EndpointFile file = new(url, Environment.ProcessId, [.. catalog.Models.Select(model => model.Name)], clock.GetUtcNow());
            file.Write(path);
            _written = file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Log.CannotStart(logger, exception);
            lifetime.Failure = exception;
            host.StopApplication();
        }
    }

    /// <summary>An address in three parts: "http://", host, ":5000".</summary>
    private readonly record struct BindingHost(string Scheme, string Host, string Rest)
    {
        public static BindingHost Of(string address)
        {
            int start = address.IndexOf("://", StringComparison.Ordinal) + 3;
            if (start < 3)
                return new BindingHost("", address, "");
            int end = address.IndexOf(']', start) is > 0 and var bracket ? bracket + 1 : address.IndexOfAny([':', '/'], start);
            end = end < 0 ? address.Length : end;
            return new BindingHost(address[..start], address[start..end], address[end..]);
        }
    }
}
