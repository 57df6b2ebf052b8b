using LlamaEngine.Backends.Cpu;
using LlamaEngine.Devices;
using LlamaEngine.Formats;
using LlamaEngine.Models;

namespace LlamaEngine.Contexts;

/// <summary>Finds out what an engine will take before it is loaded.</summary>
internal static class PoolPlanner
{
    /// <summary>Plans an engine; touches no weights.</summary>
    /// <remarks>
    /// The plan of an engine alone fills what is free with KV cache. In a pool that would depend on who else is loaded, so an engine
    /// whose options do not say how many positions it caches gets one context. It is created with its plan as its limit: should the
    /// file have grown since, the load fails rather than exceed the budget.
    /// </remarks>
    /// <inheritdoc cref="InferenceEngine.Create(EngineOptions)" path="/exception"/>
    public static PoolPlan Plan(EngineOptions options)
    {
        using ModelFile file = ModelFile.Open(ModelLocator.Resolve(options.ModelPath));
        MemoryPlan plan = LoadedModel.Plan(options, file, new HostMemory(new AvailableMemory(0, MemoryLimit.Caller)));
        EngineOptions fixedSize = options with
        {
            KvCacheTokens = options.KvCacheTokens ?? (int)plan.KvPositions,
            MemoryLimitBytes = Math.Min(options.MemoryLimitBytes ?? long.MaxValue, plan.TotalBytes),
        };
        return new PoolPlan(fixedSize, plan.TotalBytes, plan.WeightBytes);
    }
}
