namespace LlamaEngine;

/// <summary>More requests wait than <see cref="EngineOptions.MaxQueuedRequests"/> allows; ask again later.</summary>
public sealed class QueueFullException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="queued">Requests that wait.</param>
    /// <param name="limit">Most that may wait.</param>
    public QueueFullException(int queued, int limit)
        : base($"{queued} requests wait already, and at most {limit} may (EngineOptions.MaxQueuedRequests).")
    {
        Queued = queued;
        Limit = limit;
    }

    /// <summary>Requests that wait.</summary>
    public int Queued { get; }

    /// <summary>Most that may wait.</summary>
    public int Limit { get; }
}
