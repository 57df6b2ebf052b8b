using Microsoft.Extensions.Logging;

namespace LlamaEngine.Diagnostics;

/// <summary>A context pool's log messages; ids from 100 on.</summary>
internal static partial class ContextPoolLog
{
    [LoggerMessage(100, LogLevel.Information, "Pool {Pool}: loaded {Engine}, {Bytes:N0} bytes, in {Seconds:F2} s; {LoadedBytes:N0} bytes are taken")]
    public static partial void Loaded(ILogger logger, string pool, string engine, long bytes, double seconds, long loadedBytes);

    [LoggerMessage(101, LogLevel.Information, "Pool {Pool}: unloaded {Engine}, {Bytes:N0} bytes, to make room")]
    public static partial void Evicted(ILogger logger, string pool, string engine, long bytes);

    [LoggerMessage(102, LogLevel.Warning, "Pool {Pool}: {Engine} could not be loaded")]
    public static partial void LoadFailed(ILogger logger, Exception exception, string pool, string engine);

    [LoggerMessage(103, LogLevel.Error, "Pool {Pool}: unloading {Engine} failed")]
    public static partial void UnloadFailed(ILogger logger, Exception exception, string pool, string engine);

    [LoggerMessage(104, LogLevel.Error, "Pool {Pool}: a handler of its events threw")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, string pool);
}
