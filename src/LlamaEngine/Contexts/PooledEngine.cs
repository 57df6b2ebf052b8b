using LlamaEngine.Devices;

namespace LlamaEngine.Contexts;

/// <summary>What an engine of a pool is doing.</summary>
internal enum PooledEngineState
{
    /// <summary>It takes no memory.</summary>
    Unloaded,

    /// <summary>Its memory is reserved.</summary>
    Loading,

    /// <summary>It can be rented.</summary>
    Loaded,

    /// <summary>Its memory is still counted.</summary>
    Unloading,
}

/// <summary>An engine that a pool knows, loaded or not. Read and written under the pool's lock.</summary>
internal sealed class PooledEngine(string name, EngineOptions options)
{
    public string Name { get; } = name;

    /// <summary>How it is to be created.</summary>
    public EngineOptions Options { get; set; } = options;

    public PooledEngineState State { get; set; }

    /// <summary>What it would take; null where that is not known, because it is loaded or nobody wanted it yet.</summary>
    public PoolPlan? Plan { get; set; }

    /// <summary>The plan is being made.</summary>
    public bool IsPlanning { get; set; }

    /// <summary>What it computes on; the last plan tells.</summary>
    public string Device { get; set; } = DeviceChoice.CpuName;

    /// <summary>Bytes counted against its device's budget; 0 while it is unloaded.</summary>
    public long Bytes { get; set; }

    /// <summary>Rentals that were not returned.</summary>
    public int Leases { get; set; }

    /// <summary>Never unloaded to make room.</summary>
    public bool IsPinned { get; set; }

    /// <summary>Is to be unloaded for the first in line as soon as its leases are returned; new rentals wait behind.</summary>
    public bool IsDraining { get; set; }

    /// <summary>It is unloaded to make room.</summary>
    public bool IsEvicted { get; set; }

    /// <summary>When it was rented or returned last, in rentals and returns.</summary>
    public long LastUse { get; set; }

    /// <summary>Those who wait for the load that runs, in the order they came.</summary>
    public List<PoolWaiter> Loaders { get; } = [];

    /// <summary>Nobody waits for the load that runs, so it is being cancelled.</summary>
    public bool IsAbandoned { get; set; }

    /// <summary>Cancels the load that runs.</summary>
    public CancellationTokenSource Loading { get; set; } = new();

    /// <summary>The engine while it is loaded.</summary>
    public InferenceEngine? Instance { get; set; }

    /// <summary>How long it took to load last.</summary>
    public TimeSpan LoadTime { get; set; }

    /// <summary>Bytes of its weights.</summary>
    public long WeightBytes { get; set; }

    /// <summary>Loaded, and neither faulted nor disposed by somebody else.</summary>
    public bool IsUsable => State == PooledEngineState.Loaded && (Instance is null || Instance.IsUsable);
}

/// <summary>What an engine will take.</summary>
/// <param name="Options">How to create it so that it takes just that.</param>
/// <param name="Bytes">Weights, KV cache and workspace.</param>
/// <param name="WeightBytes">Weights alone.</param>
internal sealed record PoolPlan(EngineOptions Options, long Bytes, long WeightBytes)
{
    /// <summary>What it will compute on, as <see cref="DeviceChoice.Name"/> has it.</summary>
    public string Device { get; init; } = DeviceChoice.CpuName;

    /// <summary>What is free there, if that was asked; else 0.</summary>
    public long AvailableBytes { get; init; }
}

/// <summary>Somebody who wants an engine.</summary>
internal sealed class PoolWaiter(PooledEngine engine, string? recipeId)
{
    private readonly TaskCompletionSource<InferenceEngine> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public PooledEngine Engine { get; } = engine;

    public string? RecipeId { get; } = recipeId;

    /// <summary>The engine, rented.</summary>
    public Task<InferenceEngine> Completion => _completion.Task;

    public void Admit(InferenceEngine instance) => _completion.TrySetResult(instance);

    public void Reject(Exception exception)
    {
        if (exception is OperationCanceledException cancelled)
            _completion.TrySetCanceled(cancelled.CancellationToken);
        else
            _completion.TrySetException(exception);
    }
}
