using System.Diagnostics.CodeAnalysis;

namespace LlamaEngine.Threading;

/// <summary>
/// Work that is done once however many callers wait for it. A caller who gives up leaves the others alone; when the last one gives
/// up, the work is cancelled. Its failure reaches all who wait.
/// </summary>
/// <remarks>Thread-safe. Starts on the thread pool when the first caller waits.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "A source without timer or linked tokens holds nothing to dispose of.")]
internal sealed class SharedWork<T>(Func<CancellationToken, Task<T>> work)
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _abandon = new();
    private Task<T>? _task;
    private int _waiting;
    private bool _isAbandoned;

    /// <summary>Waits, or gives null where the work has ended or everybody has given it up: whoever comes then starts anew.</summary>
    public Task<T>? TryWait(CancellationToken cancellation)
    {
        Task<T> task;
        lock (_lock)
        {
            if (_isAbandoned || _task is { IsCompleted: true })
                return null;
            _waiting++;
            task = _task ??= Task.Run(() => work(_abandon.Token), CancellationToken.None);
        }
        return WaitAsync(task, cancellation);
    }

    /// <summary>Ends when the work has ended, however that was.</summary>
    public Task WhenEnded()
    {
        lock (_lock)
            return _task is null ? Task.CompletedTask : _task.ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private async Task<T> WaitAsync(Task<T> task, CancellationToken cancellation)
    {
        try
        {
            return await task.WaitAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            await LeaveAsync(task).ConfigureAwait(false);
        }
    }

    private async Task LeaveAsync(Task<T> task)
    {
        lock (_lock)
        {
            if (--_waiting > 0 || task.IsCompleted)
                return;
            _isAbandoned = true;
        }
        await _abandon.CancelAsync().ConfigureAwait(false);
    }
}
