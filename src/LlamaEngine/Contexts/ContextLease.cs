namespace LlamaEngine.Contexts;

/// <summary>An engine of a <see cref="ContextPool"/>, which stays loaded until this is disposed.</summary>
/// <remarks>Thread-safe. The engine belongs to the pool: do not dispose it, and do not use it after the lease.</remarks>
public sealed class ContextLease : IAsyncDisposable, IDisposable
{
    private readonly ContextPool _pool;
    private readonly PooledEngine _pooled;
    private readonly InferenceEngine _engine;
    private readonly MaterializedContext? _context;
    private int _disposed;

    internal ContextLease(ContextPool pool, PooledEngine pooled, InferenceEngine engine, MaterializedContext? context)
    {
        _pool = pool;
        _pooled = pooled;
        _engine = engine;
        _context = context;
    }

    /// <summary>The engine's name in the pool.</summary>
    public string Name => _pooled.Name;

    /// <summary>The engine.</summary>
    /// <exception cref="ObjectDisposedException">The lease was returned.</exception>
    public InferenceEngine Engine
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            return _engine;
        }
    }

    /// <summary>The recipe's context in the engine; null where the engine was rented by name.</summary>
    /// <exception cref="ObjectDisposedException">The lease was returned.</exception>
    public MaterializedContext? Context
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed != 0, this);
            return _context;
        }
    }

    /// <summary>Lets the recipe's context go and returns the engine, which stays loaded while the pool has room for it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _context?.Dispose();
        _pool.Return(_pooled);
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }
}
