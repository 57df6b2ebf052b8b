using LlamaEngine.Formats;

namespace LlamaEngine.Models;

/// <summary>Computes a model's identity when it is first asked for, which reads all weights, and keeps it.</summary>
/// <remarks>Thread-safe. Disposing it waits until nobody reads the file any more.</remarks>
internal sealed class ModelIdentitySource(ModelFile file) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _disposing = new();
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
            return _identity ??= Task.Run(() => file.ComputeIdentity(disposing), disposing);
        }
    }
}
