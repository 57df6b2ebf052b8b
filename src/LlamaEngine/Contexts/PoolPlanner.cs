using LlamaEngine.Backends;
using LlamaEngine.Backends.Cpu;
using LlamaEngine.Backends.Cuda;
using LlamaEngine.Backends.Cuda.Interop;
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
    /// <param name="options">How the engine is to be created.</param>
    /// <param name="asksWhatIsFree">Whether to ask the device, which on a GPU may take longer than the plan.</param>
    /// <inheritdoc cref="InferenceEngine.Create(EngineOptions)" path="/exception"/>
    public static PoolPlan Plan(EngineOptions options, bool asksWhatIsFree = false)
    {
        using ModelFile file = ModelFile.Open(ModelLocator.Resolve(options.ModelPath));
        DeviceChoice choice = DeviceSurvey.Choose(options);
        if (choice.Failure is { } failure)
            throw failure;
        var nothing = new AvailableMemory(0, MemoryLimit.Caller);
        DeviceMemory device = choice.Ordinal is null ? new HostMemory(nothing) : new CudaMemory(nothing);
        MemoryPlan plan = LoadedModel.Plan(options, file, device);
        EngineOptions fixedSize = options with
        {
            KvCacheTokens = options.KvCacheTokens ?? (int)plan.KvPositions,
            MemoryLimitBytes = Math.Min(options.MemoryLimitBytes ?? long.MaxValue, plan.TotalBytes),
        };
        return new PoolPlan(fixedSize, plan.TotalBytes, plan.WeightBytes) { Device = choice.Name, AvailableBytes = asksWhatIsFree ? FreeOn(choice) : 0 };
    }

    private static long FreeOn(DeviceChoice choice)
    {
        if (choice.Ordinal is not { } ordinal)
            return MemoryBudget.AvailableBytes();
        using CudaContext context = CudaContext.Open(ordinal);
        return CudaMemory.FreeOn(context).Bytes;
    }
}
