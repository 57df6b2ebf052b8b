using System.Threading.Tasks.Sources;

namespace LlamaEngine.Scheduling;

/// <summary>
/// Wakes one waiting reader when its writer has something new; signals that nobody waits for are kept, as one. A reader that would rather
/// find several news at once rests between two waits.
/// </summary>
/// <remarks>One reader and one writer at a time. Neither signalling nor waiting allocates, but for the first rest.</remarks>
internal sealed class AsyncSignal : IValueTaskSource, IDisposable
{
    // The last one is also that of a reader that was woken and does not run yet.
    private const int Idle = 0, Waiting = 1, Resting = 2, Signalled = 3, Urgent = 4;

    private ManualResetValueTaskSourceCore<bool> _core;
    private Timer? _rest;
    private int _state;

    /// <summary>Wakes the reader if it waits, or lets its next wait end at once. One that rests is left to rest unless this is urgent.</summary>
    public void Set(bool urgent = false)
    {
        int kept = urgent ? Urgent : Signalled;
        while (true)
        {
            // The exchange is a fence, too: a rest that ends after it finds what was written before it.
            int state = Interlocked.CompareExchange(ref _state, kept, Idle);
            if (state is Idle or Urgent || state is Resting or Signalled && !urgent)
                return;
            if (state == Signalled ? Interlocked.CompareExchange(ref _state, Urgent, Signalled) == Signalled : Wake(state, elsewhere: true))
                return;
        }
    }

    /// <summary>
    /// Ends once <see cref="Set"/> was called since the last wait or rest ended. Whatever was written before that call is then visible; a
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

    /// <summary>
    /// Ends when a time has passed, or at an urgent signal, also one since the last wait or rest; then a reader looks for what is new,
    /// and rests or waits again. It may end early.
    /// </summary>
    /// <param name="time">Whole milliseconds, at least one; <see cref="Timeout.InfiniteTimeSpan"/>: only an urgent signal ends it.</param>
    public ValueTask RestAsync(TimeSpan time)
    {
        _core.Reset();
        // A signal that is not urgent is none to a reader that rests first and looks then.
        if (Interlocked.CompareExchange(ref _state, Resting, Idle) is var state and not Idle
            && (state == Urgent || Interlocked.CompareExchange(ref _state, Resting, Signalled) == Urgent))
        {
            Interlocked.Exchange(ref _state, Idle);
            return ValueTask.CompletedTask;
        }
        if (time != Timeout.InfiniteTimeSpan)
        {
            _rest ??= new Timer(static signal => ((AsyncSignal)signal!).Wake(Resting, elsewhere: false), this, Timeout.Infinite, Timeout.Infinite);
            _rest.Change(time, Timeout.InfiniteTimeSpan);
        }
        return new ValueTask(this, _core.Version);
    }

    /// <summary>Ends the use of its clock; the reader waits no more.</summary>
    public void Dispose() => _rest?.Dispose();

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

    /// <param name="state">The reader's.</param>
    /// <param name="elsewhere">The reader goes on in another thread: this one is the engine's loop.</param>
    /// <returns>It was in that state, and is awake.</returns>
    private bool Wake(int state, bool elsewhere)
    {
        if (Interlocked.CompareExchange(ref _state, Urgent, state) != state)
            return false;
        _core.RunContinuationsAsynchronously = elsewhere;
        _core.SetResult(true);
        return true;
    }
}
