namespace LlamaEngine.Contexts;

/// <summary>What a <see cref="PoolLedger"/> wants done.</summary>
internal enum PoolActionKind
{
    /// <summary>Find out what the engine would take.</summary>
    Plan,

    /// <summary>Load the engine; its memory is reserved.</summary>
    Load,

    /// <summary>Cancel the load.</summary>
    CancelLoad,

    /// <summary>Unload the engine.</summary>
    Unload,

    /// <summary>Give the engine to who waits.</summary>
    Admit,

    /// <summary>Tell who waits that there will be none.</summary>
    Reject,

    /// <summary>Tell everybody that the engine was loaded.</summary>
    TellLoaded,

    /// <summary>Tell everybody that a rental found its engine.</summary>
    TellHit,

    /// <summary>Tell everybody that the engine was unloaded to make room.</summary>
    TellEvicted,

    /// <summary>The pool was closed, and the last engine is gone.</summary>
    Closed,
}

/// <summary>Something a <see cref="PoolLedger"/> wants done, outside the pool's lock.</summary>
/// <param name="Instance">The engine to give or to unload.</param>
/// <param name="News">What to tell.</param>
internal readonly record struct PoolAction(
    PoolActionKind Kind,
    PooledEngine? Engine = null,
    PoolWaiter? Waiter = null,
    InferenceEngine? Instance = null,
    Exception? Exception = null,
    ContextPoolEventArgs? News = null);
