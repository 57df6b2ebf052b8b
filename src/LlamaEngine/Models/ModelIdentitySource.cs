using LlamaEngine.Formats;

namespace LlamaEngine.Models;

/// <summary>Finds out a loaded model's identity when it is first asked for: reads all weights, unless its files are known already.</summary>
/// <remarks>Thread-safe. Disposing it waits until nobody reads the file any more.</remarks>
internal sealed class ModelIdentitySource(ModelFile file) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _disposing = new();
    private readonly string? _stamp = FileStamp.Of(file.Path);
    private Task<ModelIdentity>? _identity;

    /// <summary>The identity.</summary>
    /// <param name="cancellation">Ends the wait; others may wait for the same computation.</param>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public async Task<ModelIdentity> GetAsync(CancellationToken cancellation)
    {
        try
        {
            return await Start().WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(InferenceEngine));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Task identity;
        lock (_lock)
        {
            _disposing.Cancel();
            identity = _identity ?? Task.CompletedTask;
        }
        identity.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default).Wait();
    }

    private Task<ModelIdentity> Start()
    {
        lock (_lock)
        {
            CancellationToken disposing = _disposing.Token;
            return _identity ??= Task.Run(() => Find(disposing), disposing);
        }
    }

    private ModelIdentity Find(CancellationToken cancellation)
    {
        if (_stamp is null)
            return file.ComputeIdentity(cancellation);
        ModelFactsCache known = ModelFactsCache.Shared;
        return (known.TryGet(_stamp) ?? known.Remember(_stamp, ModelFacts.Read(file, cancellation))).Identity;
    }
}
