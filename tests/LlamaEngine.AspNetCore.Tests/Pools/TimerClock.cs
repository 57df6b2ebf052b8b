using System.Collections.Concurrent;

namespace LlamaEngine.AspNetCore.Tests.Pools;

/// <summary>A clock whose timers go off when a test says so.</summary>
internal sealed class TimerClock : TimeProvider
{
    private readonly ConcurrentQueue<Timer> _timers = [];

    /// <summary>Timers that were made and not taken back.</summary>
    public IReadOnlyList<Timer> Pending => [.. _timers.Where(timer => !timer.IsDisposed)];

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(() => callback(state), dueTime);
        _timers.Enqueue(timer);
        return timer;
    }

    public sealed class Timer(Action callback, TimeSpan due) : ITimer
    {
        public TimeSpan Due { get; } = due;

        public bool IsDisposed { get; private set; }

        public void GoOff() => callback();

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException();

        public void Dispose() => IsDisposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
