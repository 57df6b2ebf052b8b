using System.Diagnostics;
using LlamaEngine.Diagnostics;

namespace LlamaEngine.Contexts;

// What the ledger decided is done here: outside the lock, loads and unloads on the thread pool.
public sealed partial class ContextPool
{
    /// <summary>Lets the ledger decide under the lock, and does what it decided outside.</summary>
    private void Change(Action<List<PoolAction>> decide)
    {
        var actions = new List<PoolAction>();
        lock (_lock)
            decide(actions);
        foreach (PoolAction action in actions)
            Perform(action);
    }

    private void Perform(PoolAction action)
    {
        switch (action.Kind)
        {
            case PoolActionKind.Plan:
                _ = Task.Run(() => Plan(action.Engine!));
                break;
            case PoolActionKind.Load:
                _ = Task.Run(() => LoadAsync(action.Engine!));
                break;
            case PoolActionKind.CancelLoad:
                _ = action.Engine!.Loading.CancelAsync();
                break;
            case PoolActionKind.Unload:
                _ = Task.Run(() => UnloadAsync(action.Engine!, action.Instance!));
                break;
            case PoolActionKind.Admit:
                action.Waiter!.Admit(action.Instance!);
                break;
            case PoolActionKind.Reject:
                action.Waiter!.Reject(action.Exception!);
                break;
            case PoolActionKind.Closed:
                _closed.TrySetResult();
                break;
            default:
                Tell(action.Kind, action.News!);
                break;
        }
    }

    private void Plan(PooledEngine pooled)
    {
        Action<List<PoolAction>> decide;
        try
        {
            PoolPlan plan = PoolPlanner.Plan(pooled.Options, asksWhatIsFree: _options.MemoryBytes is null);
            decide = actions => _ledger.Planned(pooled, plan, actions);
        }
#pragma warning disable CA1031 // It belongs to those who wait for the engine.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            decide = actions => _ledger.PlanFailed(pooled, exception, actions);
        }
        Change(decide);
    }

    private async Task LoadAsync(PooledEngine pooled)
    {
        long started = Stopwatch.GetTimestamp();
        Action<List<PoolAction>> decide;
        try
        {
            InferenceEngine engine = await InferenceEngine.CreateAsync(pooled.Plan!.Options, null, pooled.Loading.Token).ConfigureAwait(false);
            TimeSpan duration = Stopwatch.GetElapsedTime(started);
            decide = actions => _ledger.Loaded(pooled, engine, duration, actions);
        }
#pragma warning disable CA1031 // It belongs to those who wait for the engine.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (exception is not OperationCanceledException)
                ContextPoolLog.LoadFailed(_logger, exception, _options.Name, pooled.Name);
            decide = actions => _ledger.LoadFailed(pooled, exception, actions);
        }
        Change(decide);
    }

    private async Task UnloadAsync(PooledEngine pooled, InferenceEngine engine)
    {
        long started = Stopwatch.GetTimestamp();
        try
        {
            await engine.DisposeAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Nobody waits for just this; the pool goes on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            ContextPoolLog.UnloadFailed(_logger, exception, _options.Name, pooled.Name);
        }
        TimeSpan duration = Stopwatch.GetElapsedTime(started);
        Change(actions => _ledger.Unloaded(pooled, duration, actions));
    }

    private void Tell(PoolActionKind kind, ContextPoolEventArgs news)
    {
        if (kind == PoolActionKind.TellLoaded)
            ContextPoolLog.Loaded(_logger, _options.Name, news.Name, news.Bytes, news.Duration.TotalSeconds, Statistics.LoadedBytes);
        else if (kind == PoolActionKind.TellEvicted)
            ContextPoolLog.Evicted(_logger, _options.Name, news.Name, news.Bytes);
        Raise(kind switch { PoolActionKind.TellLoaded => Loaded, PoolActionKind.TellHit => Hit, _ => Evicted }, news);
    }

    private void Raise(EventHandler<ContextPoolEventArgs>? handlers, ContextPoolEventArgs news)
    {
        foreach (EventHandler<ContextPoolEventArgs> handler in Delegate.EnumerateInvocationList(handlers))
        {
            try
            {
                handler(this, news);
            }
#pragma warning disable CA1031 // Who rents an engine must not suffer from who listens.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                ContextPoolLog.HandlerFailed(_logger, exception, _options.Name);
            }
        }
    }
}
