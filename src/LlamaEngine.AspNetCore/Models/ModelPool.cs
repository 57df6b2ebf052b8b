using System.Diagnostics.Metrics;
using LlamaEngine.Contexts;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.AspNetCore.Models;

/// <summary>The models that a server loads on demand, and the pool that they share. Owns both.</summary>
internal sealed class ModelPool : IAsyncDisposable
{
    private readonly ContextPool? _pool;
    private readonly PooledModel[] _models = [];

    /// <summary>Makes the models known; loads nothing.</summary>
    public ModelPool(LlamaEngineServerOptions options, ILoggerFactory? loggers, IMeterFactory? meters, TimeProvider clock)
    {
        if (options.Models.Count == 0)
            return;
        ContextPool pool = _pool = new ContextPool(
            new ContextPoolOptions { MemoryBytes = options.MemoryBytes, Name = "server", LoggerFactory = loggers, MeterFactory = meters });
        foreach (LlamaEngineServerModel model in options.Models)
        {
            EngineOptions engine = model.Engine;
            pool.Add(model.Name, engine with { LoggerFactory = engine.LoggerFactory ?? loggers, MeterFactory = engine.MeterFactory ?? meters });
        }
        _models = [.. options.Models.Select(model => new PooledModel(pool, model.Name, model.LoadAtStart, options.KeepAlive, clock))];
    }

    /// <summary>The models, in the order in which they were configured.</summary>
    public IReadOnlyList<IServedModel> Models => _models;

    /// <summary>What the pool has done; null: there is none.</summary>
    public ContextPoolStatistics? Statistics => _pool?.Statistics;

    /// <summary>Turns away who waits and unloads every model as soon as its requests have ended.</summary>
    public ValueTask DisposeAsync()
    {
        foreach (PooledModel model in _models)
            model.Dispose();
        return _pool?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
