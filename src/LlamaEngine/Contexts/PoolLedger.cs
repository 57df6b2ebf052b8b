using LlamaEngine.Devices;

namespace LlamaEngine.Contexts;

/// <summary>
/// The books of a pool: which engine holds how much of the budget, who rents it, who waits in line; and all its decisions. It
/// does nothing itself: every method leaves in <c>actions</c> what is to be done.
/// </summary>
/// <remarks>
/// Not thread-safe; the pool's lock guards it. Whoever wants a loaded engine gets it at once, unless it is draining. All others
/// stand in one line. The first of them whose engine is not loaded has it loaded if its device's budget has room; if it has not, idle
/// engines of the device are unloaded, least recently used first, and where those do not suffice engines in use are marked as draining,
/// so that a steady flow of rentals cannot keep the line waiting for ever. Nothing is unloaded in vain: if all that is not pinned
/// would not suffice, everything stays as it is.
/// </remarks>
/// <param name="hostBudget">Most bytes that may be reserved on the processor.</param>
/// <param name="limit">The same for each other device; null: what is free there when the first engine that wants it is planned.</param>
internal sealed partial class PoolLedger(long hostBudget, long? limit = null)
{
    private readonly LinkedList<PoolWaiter> _line = new();
    private readonly List<PooledEngine> _engines = [];
    private readonly Dictionary<string, long> _budgets = new(StringComparer.Ordinal) { [DeviceChoice.CpuName] = hostBudget };
    private long _clock;
    private bool _isClosed;
    private ContextPoolStatistics _counts;

    /// <summary>What happened so far.</summary>
    public ContextPoolStatistics Statistics => _counts with { LoadedBytes = _engines.Sum(engine => engine.Bytes) };

    /// <summary>Most bytes that may be reserved on the device of an engine that was planned.</summary>
    public long BudgetFor(PooledEngine engine) => _budgets[engine.Device];

    /// <summary>All engines.</summary>
    public IReadOnlyList<PooledEngine> Engines => _engines;

    /// <summary>Makes an engine known.</summary>
    public PooledEngine Add(string name, EngineOptions options)
    {
        var engine = new PooledEngine(name, options);
        _engines.Add(engine);
        return engine;
    }

    /// <summary>Somebody wants an engine.</summary>
    public void Enter(PoolWaiter waiter, List<PoolAction> actions)
    {
        if (_isClosed)
        {
            actions.Add(Reject(waiter, Disposed()));
            return;
        }
        // A plan that nobody waits for may be old: the file may have been replaced since.
        if (waiter.Engine.State == PooledEngineState.Unloaded && !_line.Any(other => other.Engine == waiter.Engine))
            waiter.Engine.Plan = null;
        _line.AddLast(waiter);
        Serve(actions);
    }

    /// <summary>Somebody does not want to wait any longer; nothing where it is too late.</summary>
    public void Cancel(PoolWaiter waiter, OperationCanceledException reason, List<PoolAction> actions)
    {
        PooledEngine engine = waiter.Engine;
        if (engine.Loaders.Remove(waiter))
            AbandonIfUnwanted(engine, actions);
        else if (!_line.Remove(waiter))
            return;
        actions.Add(Reject(waiter, reason));
        Serve(actions);
    }

    /// <summary>It is known what an engine would take.</summary>
    public void Planned(PooledEngine engine, PoolPlan plan, List<PoolAction> actions)
    {
        engine.IsPlanning = false;
        engine.Device = plan.Device;
        _budgets.TryAdd(plan.Device, limit ?? plan.AvailableBytes);
        if (plan.Bytes > BudgetFor(engine))
            RejectLine(engine, TooLarge(engine, plan), actions);
        else
            engine.Plan = plan;
        Serve(actions);
    }

    /// <summary>It cannot be known what an engine would take.</summary>
    public void PlanFailed(PooledEngine engine, Exception exception, List<PoolAction> actions)
    {
        engine.IsPlanning = false;
        RejectLine(engine, exception, actions);
        Serve(actions);
    }

    /// <summary>An engine was loaded; all who wait for it rent it.</summary>
    public void Loaded(PooledEngine engine, InferenceEngine? instance, TimeSpan duration, List<PoolAction> actions)
    {
        engine.State = PooledEngineState.Loaded;
        engine.Instance = instance;
        engine.LoadTime = duration;
        engine.LastUse = ++_clock;
        _counts = _counts with { Loads = _counts.Loads + 1 };
        actions.Add(News(PoolActionKind.TellLoaded, engine, engine.Loaders.FirstOrDefault()?.RecipeId, engine.Bytes, duration));
        for (int i = 0; i < engine.Loaders.Count; i++)
            Admit(engine.Loaders[i], isHit: i > 0, actions);
        engine.Loaders.Clear();
        Serve(actions);
    }

    /// <summary>An engine could not be loaded, or its load was cancelled; it takes nothing.</summary>
    public void LoadFailed(PooledEngine engine, Exception exception, List<PoolAction> actions)
    {
        foreach (PoolWaiter waiter in engine.Loaders)
            actions.Add(Reject(waiter, exception));
        engine.Loaders.Clear();
        Vacate(engine);
        Serve(actions);
    }

    /// <summary>An engine was unloaded; it takes nothing any more.</summary>
    public void Unloaded(PooledEngine engine, TimeSpan duration, List<PoolAction> actions)
    {
        if (engine.IsEvicted)
        {
            _counts = _counts with { Evictions = _counts.Evictions + 1 };
            actions.Add(News(PoolActionKind.TellEvicted, engine, null, engine.Bytes, duration));
        }
        engine.IsEvicted = false;
        Vacate(engine);
        Serve(actions);
    }

    /// <summary>A rental ended.</summary>
    public void Return(PooledEngine engine, List<PoolAction> actions)
    {
        engine.Leases--;
        engine.LastUse = ++_clock;
        Serve(actions);
    }

    /// <summary>Keeps an engine, or ceases to.</summary>
    public void Pin(PooledEngine engine, bool pinned, List<PoolAction> actions)
    {
        engine.IsPinned = pinned;
        Serve(actions);
    }

    /// <summary>Somebody asks for an engine's memory although nobody else wants it yet.</summary>
    /// <returns>False: it is in use, pinned, or not loaded.</returns>
    public static bool TryUnload(PooledEngine engine, List<PoolAction> actions)
    {
        if (engine is not { State: PooledEngineState.Loaded, Leases: 0, IsPinned: false })
            return false;
        Unload(engine, actions);
        return true;
    }

    /// <summary>Turns away all who wait and unloads every engine as soon as nobody rents it.</summary>
    public void Close(List<PoolAction> actions)
    {
        _isClosed = true;
        foreach (PoolWaiter waiter in _line)
            actions.Add(Reject(waiter, Disposed()));
        _line.Clear();
        foreach (PooledEngine engine in _engines)
        {
            foreach (PoolWaiter waiter in engine.Loaders)
                actions.Add(Reject(waiter, Disposed()));
            engine.Loaders.Clear();
            AbandonIfUnwanted(engine, actions);
        }
        Serve(actions);
    }
}
