using LlamaEngine.Contexts;

namespace LlamaEngine.AspNetCore.Models;

/// <summary>A model of a pool: loaded when it is wanted, unloaded when its time is over or another one needs its room.</summary>
/// <remarks>The request that ends last decides how long it stays.</remarks>
/// <param name="name">Its name in the pool, and what requests call it.</param>
/// <param name="loadsAtStart">It is to be there from the start.</param>
/// <param name="keepAlive">How long it stays where a request does not say; negative: until its room is needed.</param>
internal sealed class PooledModel(ContextPool pool, string name, bool loadsAtStart, TimeSpan keepAlive, TimeProvider clock) : IServedModel, IDisposable
{
    private readonly Lock _lock = new();
    private ITimer? _timer;
    private int _rentals;
    private bool _isPrepared = !loadsAtStart, _disposed;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public bool IsReady => Volatile.Read(ref _isPrepared);

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        if (IsReady)
            return;
        await using (await RentAsync(Timeout.InfiniteTimeSpan, cancellation).ConfigureAwait(false))
            Volatile.Write(ref _isPrepared, true);
    }

    /// <inheritdoc/>
    public async Task<ModelLease> RentAsync(TimeSpan? stay, CancellationToken cancellation)
    {
        lock (_lock)
        {
            _rentals++;
            StopTimer();
        }
        try
        {
            ContextLease lease = await pool.RentAsync(name, cancellation).ConfigureAwait(false);
            return new ModelLease(name, lease.Engine, new Rental(this, lease, stay ?? keepAlive));
        }
        catch
        {
            End(stay ?? keepAlive);
            throw;
        }
    }

    /// <summary>Unloads nothing any more; the pool does that.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            StopTimer();
        }
    }

    private void End(TimeSpan stay)
    {
        lock (_lock)
        {
            if (--_rentals > 0 || _disposed || stay < TimeSpan.Zero)
                return;
            if (stay > TimeSpan.Zero)
            {
                StopTimer();
                _timer = clock.CreateTimer(_ => UnloadIfIdle(), null, stay, Timeout.InfiniteTimeSpan);
                return;
            }
        }
        pool.TryUnload(name);
    }

    private void UnloadIfIdle()
    {
        lock (_lock)
        {
            if (_rentals > 0 || _disposed)
                return;
        }
        // Who comes in between holds a lease of the pool, which then says no, or finds the model unloading and has it loaded again.
        pool.TryUnload(name);
    }

    private void StopTimer()
    {
        _timer?.Dispose();
        _timer = null;
    }

    /// <summary>Gives the engine back, and starts the clock if it was the last.</summary>
    private sealed class Rental(PooledModel model, ContextLease lease, TimeSpan stay) : IAsyncDisposable
    {
        private int _disposed;

        /// <inheritdoc/>
        public ValueTask DisposeAsync()
        {
            if (Interlocked.Exchange(ref _disposed, 1) != 0)
                return ValueTask.CompletedTask;
            lease.Dispose();
            model.End(stay);
            return ValueTask.CompletedTask;
        }
    }
}
