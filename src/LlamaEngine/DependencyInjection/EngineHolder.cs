using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LlamaEngine.DependencyInjection;

/// <summary>Loads an engine of a container when somebody first asks for it, once for all who ask, and owns it.</summary>
/// <remarks>Thread-safe. A load that failed is tried again by the next who asks.</remarks>
/// <param name="name">The name of the engine's options.</param>
/// <param name="loggerFactory">The container's, if it has one; so with the meters.</param>
internal sealed class EngineHolder(
    string name, IOptionsMonitor<LlamaEngineOptions> options, ILoggerFactory? loggerFactory, IMeterFactory? meterFactory)
    : IAsyncDisposable, IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _disposal = new();
    private Task<InferenceEngine>? _load;

    /// <summary>The name of the engine's options: its key, empty for the one without.</summary>
    public string Name => name;

    /// <summary>The load that is running or has ended; null: nobody has asked yet.</summary>
    public Task<InferenceEngine>? Load => Volatile.Read(ref _load);

    /// <summary>What was set for the engine.</summary>
    /// <exception cref="OptionsValidationException">Something is out of its range.</exception>
    public LlamaEngineOptions Options => options.Get(name);

    /// <summary>The engine; waits for its load.</summary>
    /// <inheritdoc cref="LoadAsync" path="/exception"/>
    public InferenceEngine Engine => LoadAsync(CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>Loads the engine, or waits for the load that runs.</summary>
    /// <param name="cancellationToken">Ends the load if it began with this call, else the waiting.</param>
    /// <exception cref="ObjectDisposedException">The container was disposed.</exception>
    /// <exception cref="OptionsValidationException">Something is out of its range.</exception>
    /// <inheritdoc cref="InferenceEngine.Create(EngineOptions)" path="/exception"/>
    public async Task<InferenceEngine> LoadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            (Task<InferenceEngine> load, bool isOwn) = Join(cancellationToken);
            try
            {
                return await (isOwn ? load : load.WaitAsync(cancellationToken)).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Whoever began this load gave it up: begin another, unless the container is gone.
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task<InferenceEngine>? load;
        lock (_lock)
        {
            if (_disposal.IsCancellationRequested)
                return;
            _disposal.Cancel();
            load = _load;
        }
        if (load is null)
            return;
        await ((Task)load).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (load.IsCompletedSuccessfully)
            await load.Result.DisposeAsync().ConfigureAwait(false);
    }

    private (Task<InferenceEngine> Load, bool IsOwn) Join(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposal.IsCancellationRequested, typeof(InferenceEngine));
            if (_load is { IsFaulted: false, IsCanceled: false })
                return (_load, false);
            Volatile.Write(ref _load, BeginAsync(cancellationToken));
            return (_load, true);
        }
    }

    private async Task<InferenceEngine> BeginAsync(CancellationToken cancellationToken)
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposal.Token);
        EngineOptions engine = Options.ToEngineOptions() with { LoggerFactory = loggerFactory, MeterFactory = meterFactory };
        return await InferenceEngine.CreateAsync(engine, null, source.Token).ConfigureAwait(false);
    }
}
