using LlamaEngine.Backends;
using LlamaEngine.Devices;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.Diagnostics;

/// <summary>The engine's log messages.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Computing on {Device} ({Reason})")]
    public static partial void DeviceChosen(ILogger logger, string device, string reason);

    [LoggerMessage(2, LogLevel.Information, "Loaded {Model}: {WeightBytes:N0} bytes of {WeightType} weights, context {ContextLength}, in {Seconds:F2} s")]
    public static partial void ModelLoaded(
        ILogger logger, string model, long weightBytes, TensorType weightType, int contextLength, double seconds);

    [LoggerMessage(3, LogLevel.Error, "The engine stopped after an internal error")]
    public static partial void EngineFaulted(ILogger logger, Exception exception);

    [LoggerMessage(
        4,
        LogLevel.Information,
        "Memory: weights {WeightBytes:N0} bytes, KV cache {KvBytes:N0} ({KvPositions:N0} positions in {KvType}), workspace {WorkspaceBytes:N0}; "
        + "available {AvailableBytes:N0}, tightest limit: {Limit}")]
    public static partial void MemoryPlanned(
        ILogger logger,
        long weightBytes,
        long kvBytes,
        long kvPositions,
        KvType kvType,
        long workspaceBytes,
        long availableBytes,
        MemoryLimit limit);

    [LoggerMessage(
        5,
        LogLevel.Warning,
        "The KV cache of {KvPositions:N0} positions is full: {Preemptions:N0} times so far a request gave its memory up to an earlier one and is computed "
        + "again. Raise EngineOptions.KvCacheTokens or lower MaxSequences")]
    public static partial void Preempted(ILogger logger, long preemptions, long kvPositions);

    [LoggerMessage(6, LogLevel.Warning, "Devices: {Problem} {Remedy}")]
    public static partial void DeviceProblem(ILogger logger, string problem, string remedy);
}
