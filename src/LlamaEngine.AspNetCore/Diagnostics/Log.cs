using Microsoft.Extensions.Logging;

namespace LlamaEngine.AspNetCore.Diagnostics;

/// <summary>Log messages of the server.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Draining: {Requests} requests may end within {Seconds} s; new ones are refused.")]
    public static partial void Draining(ILogger logger, int requests, double seconds);

    [LoggerMessage(2, LogLevel.Warning, "The deadline has passed: {Requests} requests are cut off.")]
    public static partial void CutOff(ILogger logger, int requests);

    [LoggerMessage(4, LogLevel.Critical, "The server cannot start.")]
    public static partial void CannotStart(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Information, "Ready at {Url}.")]
    public static partial void Ready(ILogger logger, string url);
}
