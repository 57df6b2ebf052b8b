using LlamaEngine.Devices;
using LlamaEngine.Models;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlamaEngine.Contexts;

/// <summary>
/// Several models in one process under one memory budget a device. Engines are loaded when they are wanted and stay for the next one; those
/// that nobody rents are unloaded, least recently used first, where another one needs the room.
/// </summary>
/// <remarks>
/// <para>
/// Thread-safe. An engine that is rented is never unloaded. Callers who want the same engine share its load. Who wants a loaded
/// engine gets it at once; all others are served in the order they came, when there is room. So that a busy engine cannot keep
/// them waiting for ever, the engine whose room the first in line is to get takes no new callers meanwhile: they wait behind.
/// Do not rent while you hold a lease: two who do could wait for each other.
/// </para>
/// <para>
/// What an engine takes (weights, KV cache, workspace) is planned before it is loaded, and the sum of all plans on a device never exceeds
/// the device's budget. An engine whose options do not give <see cref="EngineOptions.KvCacheTokens"/> gets one context's worth of KV cache, not a
/// share of what is free.
/// </para>
/// </remarks>
public sealed partial class ContextPool : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly ContextPoolOptions _options;
    private readonly ILogger _logger;
    private readonly PoolLedger _ledger;
    private readonly Dictionary<string, PooledEngine> _engines = new(StringComparer.Ordinal);
    private readonly ContextPoolMeter _meter;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Creates a pool; loads nothing.</summary>
    /// <param name="options">How; null: with all the memory that is free.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public ContextPool(ContextPoolOptions? options = null)
    {
        _options = options ?? new ContextPoolOptions();
        _options.Validate();
        _logger = _options.LoggerFactory?.CreateLogger<ContextPool>() ?? (ILogger)NullLogger.Instance;
        MemoryBytes = _options.MemoryBytes ?? MemoryBudget.AvailableBytes();
        _ledger = new PoolLedger(MemoryBytes, _options.MemoryBytes);
        _meter = new ContextPoolMeter(_options.MeterFactory, _options.Name, () => Statistics);
    }

    /// <summary>An engine was loaded. Handlers of all events are called without locks, before the caller gets the engine.</summary>
    public event EventHandler<ContextPoolEventArgs>? Loaded;

    /// <summary>A rental found its engine loaded, or being loaded for another.</summary>
    public event EventHandler<ContextPoolEventArgs>? Hit;

    /// <summary>An engine was unloaded to make room.</summary>
    public event EventHandler<ContextPoolEventArgs>? Evicted;

    /// <summary>Most bytes that all engines may take together on the CPU; see <see cref="ContextPoolOptions.MemoryBytes"/>.</summary>
    public long MemoryBytes { get; }

    /// <summary>What the pool has done.</summary>
    public ContextPoolStatistics Statistics
    {
        get
        {
            lock (_lock)
                return _ledger.Statistics;
        }
    }

    /// <summary>Makes an engine known by a name; loads nothing.</summary>
    /// <param name="name">What to call it in <see cref="RentAsync(string, CancellationToken)"/>.</param>
    /// <param name="options">How to create it when it is wanted.</param>
    /// <exception cref="ArgumentException">There is one of that name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public void Add(string name, EngineOptions options)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        lock (_lock)
        {
            if (_engines.ContainsKey(name))
                throw new ArgumentException($"The pool has an engine named '{name}'.", nameof(name));
            _engines.Add(name, _ledger.Add(name, options));
        }
    }

    /// <summary>Rents an engine, which is loaded first unless it is there.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="cancellationToken">Ends the waiting, and the load if nobody else waits for it.</param>
    /// <returns>The lease; dispose it to return the engine.</returns>
    /// <exception cref="KeyNotFoundException">No engine has that name.</exception>
    /// <exception cref="InsufficientDeviceMemoryException">The engine takes more than the whole budget, or than is free.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    /// <inheritdoc cref="InferenceEngine.Create(EngineOptions)" path="/exception"/>
    public async Task<ContextLease> RentAsync(string name, CancellationToken cancellationToken = default)
    {
        PooledEngine pooled = Find(name);
        return new ContextLease(this, pooled, await RentAsync(pooled, null, cancellationToken).ConfigureAwait(false), null);
    }

    /// <summary>Rents an engine for a recipe, with the recipe's prefixes computed and kept while it is rented.</summary>
    /// <param name="recipe">
    /// The recipe. It gets the engine that was added for the same path and KV type; where there is none, one that it shares with
    /// all recipes of equal model and KV type.
    /// </param>
    /// <exception cref="RecipeMismatchException">The file's weights have another type than the recipe says.</exception>
    /// <inheritdoc cref="RentAsync(string, CancellationToken)"/>
    public async Task<ContextLease> RentAsync(ContextRecipe recipe, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(recipe);
        RecipeIdentity identity = await recipe.IdentifyAsync(cancellationToken).ConfigureAwait(false);
        PooledEngine pooled = FindFor(recipe, identity);
        InferenceEngine engine = await RentAsync(pooled, identity.Id, cancellationToken).ConfigureAwait(false);
        try
        {
            return new ContextLease(this, pooled, engine, await engine.MaterializeAsync(recipe, cancellationToken).ConfigureAwait(false));
        }
        catch
        {
            Return(pooled);
            throw;
        }
    }

    /// <summary>Keeps an engine from being unloaded once it is loaded. Who needs the room of pinned engines waits until they are unpinned.</summary>
    /// <param name="name">Its name: as it was added, or <see cref="ContextLease.Name"/>.</param>
    /// <exception cref="KeyNotFoundException">No engine has that name.</exception>
    public void Pin(string name) => SetPinned(name, true);

    /// <summary>Lets an engine be unloaded again; nothing if it was not pinned.</summary>
    /// <inheritdoc cref="Pin"/>
    public void Unpin(string name) => SetPinned(name, false);

    /// <summary>
    /// Turns away all who wait, cancels loads, and unloads every engine as soon as nobody rents it. Ends when all leases are returned
    /// and all engines gone, so return what you hold first.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Change(_ledger.Close);
        await _closed.Task.ConfigureAwait(false);
        _meter.Dispose();
    }

    /// <summary>Unloads an engine now, if it is loaded, not pinned, and nobody rents it; it is loaded again when it is wanted.</summary>
    /// <returns>False: it stays, or is not there.</returns>
    /// <inheritdoc cref="Pin"/>
    internal bool TryUnload(string name)
    {
        PooledEngine pooled = Find(name);
        bool unloads = false;
        Change(actions => unloads = PoolLedger.TryUnload(pooled, actions));
        return unloads;
    }

    /// <summary>A lease ended.</summary>
    internal void Return(PooledEngine pooled) => Change(actions => _ledger.Return(pooled, actions));

    private async Task<InferenceEngine> RentAsync(PooledEngine pooled, string? recipeId, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var waiter = new PoolWaiter(pooled, recipeId);
        Change(actions => _ledger.Enter(waiter, actions));
        using CancellationTokenRegistration registration = cancellation.UnsafeRegister(
            _ => Change(actions => _ledger.Cancel(waiter, new OperationCanceledException(cancellation), actions)), null);
        return await waiter.Completion.ConfigureAwait(false);
    }

    private PooledEngine Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (_lock)
        {
            return _engines.TryGetValue(name, out PooledEngine? pooled)
                ? pooled
                : throw new KeyNotFoundException($"The pool has no engine named '{name}'; {nameof(Add)} makes one known.");
        }
    }

    private PooledEngine FindFor(ContextRecipe recipe, RecipeIdentity identity)
    {
        string path = Path.GetFullPath(ModelLocator.Resolve(recipe.ModelPath)), name = $"{identity.Model.Identity}/{identity.KvType}";
        lock (_lock)
        {
            PooledEngine? pooled = _ledger.Engines.FirstOrDefault(added => IsMeant(added.Options, path, identity));
            if (pooled is null && !_engines.TryGetValue(name, out pooled))
                _engines.Add(name, pooled = _ledger.Add(name, _options.RecipeEngines));
            // The same model may have been found elsewhere before, where it need not be any more.
            if (pooled.Name == name && pooled.State == PooledEngineState.Unloaded)
                pooled.Options = pooled.Options with { ModelPath = path, KvCacheType = recipe.KvCacheType };
            return pooled;
        }
    }

    private static bool IsMeant(EngineOptions added, string path, RecipeIdentity identity) =>
        added.ModelPath is { } model && Path.GetFullPath(model) == path
        && MemoryPlan.ChooseKvType(added.KvCacheType, identity.Model.WeightType) == identity.KvType;

    private void SetPinned(string name, bool pinned)
    {
        PooledEngine pooled = Find(name);
        Change(actions => _ledger.Pin(pooled, pinned, actions));
    }
}
