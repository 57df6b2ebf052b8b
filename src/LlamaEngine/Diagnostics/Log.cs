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
}
