namespace LlamaEngine.Contexts;

// Who gets an engine, and who has to make room.
internal sealed partial class PoolLedger
{
    /// <summary>Does what can be done now; called after every change.</summary>
    private void Serve(List<PoolAction> actions)
    {
        foreach (PooledEngine engine in _engines)
            DropIfUseless(engine, actions);
        // Devices on which somebody further ahead waits for room; null: it is not known yet on which one.
        var blocked = new HashSet<string?>();
        for (LinkedListNode<PoolWaiter>? node = _line.First, next; node is not null; node = next)
        {
            next = node.Next;
            PooledEngine engine = node.Value.Engine;
            if (TryServe(node.Value, mayLoad: !blocked.Contains(engine.Device) && !blocked.Contains(null), actions))
                _line.Remove(node);
            else
                blocked.Add(engine is { State: PooledEngineState.Unloaded, Plan: null } ? null : engine.Device);
        }
        if (_isClosed && _engines.TrueForAll(engine => engine is { State: PooledEngineState.Unloaded, IsPlanning: false }))
            actions.Add(new PoolAction(PoolActionKind.Closed));
    }

    private void DropIfUseless(PooledEngine engine, List<PoolAction> actions)
    {
        engine.IsDraining = engine.State == PooledEngineState.Loaded && (_isClosed || !engine.IsUsable);
        if (engine is { IsDraining: true, Leases: 0 })
            Unload(engine, actions);
    }

    private bool TryServe(PoolWaiter waiter, bool mayLoad, List<PoolAction> actions)
    {
        PooledEngine engine = waiter.Engine;
        if (engine.State == PooledEngineState.Unloaded)
            LoadIfPossible(engine, mayLoad, actions);
        if (engine is { State: PooledEngineState.Loaded, IsDraining: false })
            Admit(waiter, isHit: true, actions);
        else if (engine is { State: PooledEngineState.Loading, IsAbandoned: false })
            engine.Loaders.Add(waiter);
        else
            return false;
        return true;
    }

    private void LoadIfPossible(PooledEngine engine, bool mayLoad, List<PoolAction> actions)
    {
        if (engine.Plan is { } plan)
        {
            if (mayLoad && HasRoom(engine, plan.Bytes, actions))
                Load(engine, plan, actions);
        }
        else if (!engine.IsPlanning)
        {
            engine.IsPlanning = true;
            actions.Add(new PoolAction(PoolActionKind.Plan, engine));
        }
    }

    /// <summary>True if so many bytes are free; else has them freed, or marks who is to free them, if that is possible at all.</summary>
    private bool HasRoom(PooledEngine wanted, long bytes, List<PoolAction> actions)
    {
        PooledEngine[] neighbours = [.. _engines.Where(engine => engine.Device == wanted.Device)];
        long missing = bytes - (BudgetFor(wanted) - neighbours.Sum(engine => engine.Bytes));
        if (missing <= 0)
            return true;
        missing -= neighbours.Where(engine => engine.State == PooledEngineState.Unloading).Sum(engine => engine.Bytes);
        PooledEngine[] victims =
        [
            .. neighbours.Where(engine => engine is { State: PooledEngineState.Loaded, IsPinned: false })
                .OrderBy(engine => engine.Leases > 0).ThenBy(engine => engine.LastUse),
        ];
        if (victims.Sum(engine => engine.Bytes) < missing)
            return false;
        foreach (PooledEngine victim in victims.TakeWhile(_ => missing > 0))
        {
            missing -= victim.Bytes;
            Evict(victim, actions);
        }
        return false;
    }

    private static void Evict(PooledEngine engine, List<PoolAction> actions)
    {
        engine.IsDraining = true;
        if (engine.Leases > 0)
            return;
        engine.IsEvicted = true;
        Unload(engine, actions);
    }

    private static void Load(PooledEngine engine, PoolPlan plan, List<PoolAction> actions)
    {
        engine.State = PooledEngineState.Loading;
        engine.Bytes = plan.Bytes;
        engine.WeightBytes = plan.WeightBytes;
        engine.Loading = new CancellationTokenSource();
        engine.IsAbandoned = false;
        actions.Add(new PoolAction(PoolActionKind.Load, engine));
    }

    private static void Unload(PooledEngine engine, List<PoolAction> actions)
    {
        engine.State = PooledEngineState.Unloading;
        actions.Add(new PoolAction(PoolActionKind.Unload, engine, Instance: engine.Instance));
        engine.Instance = null;
    }

    private static void Vacate(PooledEngine engine)
    {
        engine.Bytes = 0;
        engine.Plan = null;
        engine.State = PooledEngineState.Unloaded;
    }

    private void Admit(PoolWaiter waiter, bool isHit, List<PoolAction> actions)
    {
        PooledEngine engine = waiter.Engine;
        engine.Leases++;
        engine.LastUse = ++_clock;
        if (isHit)
        {
            _counts = _counts with
            {
                Hits = _counts.Hits + 1,
                SecondsSaved = _counts.SecondsSaved + engine.LoadTime.TotalSeconds,
                BytesSaved = _counts.BytesSaved + engine.WeightBytes,
            };
            actions.Add(News(PoolActionKind.TellHit, engine, waiter.RecipeId, engine.WeightBytes, engine.LoadTime));
        }
        actions.Add(new PoolAction(PoolActionKind.Admit, engine, waiter, engine.Instance));
    }

    private static void AbandonIfUnwanted(PooledEngine engine, List<PoolAction> actions)
    {
        if (engine is not { State: PooledEngineState.Loading, Loaders.Count: 0 })
            return;
        engine.IsAbandoned = true;
        actions.Add(new PoolAction(PoolActionKind.CancelLoad, engine));
    }

    private void RejectLine(PooledEngine engine, Exception exception, List<PoolAction> actions)
    {
        for (LinkedListNode<PoolWaiter>? node = _line.First, next; node is not null; node = next)
        {
            next = node.Next;
            if (node.Value.Engine != engine)
                continue;
            _line.Remove(node);
            actions.Add(Reject(node.Value, exception));
        }
    }

    private static PoolAction Reject(PoolWaiter waiter, Exception exception) =>
        new(PoolActionKind.Reject, waiter.Engine, waiter, Exception: exception);

    private static PoolAction News(PoolActionKind kind, PooledEngine engine, string? recipeId, long bytes, TimeSpan duration) =>
        new(kind, engine, News: new ContextPoolEventArgs(engine.Name, recipeId, bytes, duration));

    private static ObjectDisposedException Disposed() => new(nameof(ContextPool));

    private InsufficientDeviceMemoryException TooLarge(PooledEngine engine, PoolPlan plan) => new(
        plan.Bytes,
        BudgetFor(engine),
        $"That is what '{engine.Name}' takes, and the pool's whole budget on {engine.Device}: raise ContextPoolOptions.MemoryBytes, or lower the engine's "
        + "EngineOptions.ContextLength, KvCacheTokens or MaxBatchTokens.");
}
