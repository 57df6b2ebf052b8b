using System.Threading.Tasks.Sources;

namespace LlamaEngine.Scheduling;

/// <summary>Wakes one waiting reader when its writer has something new; signals that nobody waits for are kept, as one.</summary>
/// <remarks>One reader and one writer at a time. Neither signalling nor waiting allocates.</remarks>
internal sealed class AsyncSignal : IValueTaskSource
{
    private const int Idle = 0, Waiting = 1, Signalled = 2;

    // Readers go on elsewhere: the writer is the engine's loop thread.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    /// <summary>Wakes the reader, or lets its next wait end at once.</summary>
    public void Set()
    {
        if (Interlocked.Exchange(ref _state, Signalled) == Waiting)
            _core.SetResult(true);
    }

    /// <summary>
    /// Ends once <see cref="Set"/> was called since the last wait ended. Whatever was written before that call is then visible; a
    /// reader looks for it after the wait, not before, and finds nothing if it has seen it already.
    /// </summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) == Idle)
            return new ValueTask(this, _core.Version);
        Interlocked.Exchange(ref _state, Idle);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    void IValueTaskSource.GetResult(short token)
    {
        _core.GetResult(token);
        Interlocked.Exchange(ref _state, Idle);
    }

    /// <inheritdoc/>
    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    /// <inheritdoc/>
    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
