using Microsoft.Extensions.Logging;

namespace LlamaEngine.AspNetCore.Bulk;

/// <summary>Log messages of bulk work; ids from 300 on.</summary>
internal static partial class BulkLog
{
    [LoggerMessage(300, LogLevel.Error, "A request of bulk work to {Url} failed")]
    public static partial void ItemFailed(ILogger logger, Exception exception, string url);

    [LoggerMessage(301, LogLevel.Information, "Batch {Batch}: {Status}; {Completed} of {Total} completed, {Failed} failed")]
    public static partial void StatusChanged(ILogger logger, string batch, string status, int completed, int total, int failed);

    [LoggerMessage(302, LogLevel.Information, "Batch {Batch} goes on: {Done} results are there, {Cut} bytes of a torn one were cut off")]
    public static partial void Resumed(ILogger logger, string batch, int done, long cut);

    [LoggerMessage(303, LogLevel.Warning, "Batch {Batch}: the data folder could not be written; it is tried again in {Seconds} s")]
    public static partial void WriteFailed(ILogger logger, Exception exception, string batch, double seconds);

    [LoggerMessage(304, LogLevel.Error, "Batch {Batch} failed")]
    public static partial void BatchFailed(ILogger logger, Exception exception, string batch);

    [LoggerMessage(305, LogLevel.Information, "File {File} expired and was deleted")]
    public static partial void FileExpired(ILogger logger, string file);

    [LoggerMessage(306, LogLevel.Error, "Expired files could not be deleted")]
    public static partial void SweepFailed(ILogger logger, Exception exception);
}
