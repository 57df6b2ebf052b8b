namespace LlamaEngine.Scheduling;

/// <summary>Counts the requests an engine has taken and not ended, and refuses those that would have to wait in too long a queue.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RequestGauge(int maxSequences, int? maxQueued)
{
    private readonly long _most = maxSequences + (maxQueued ?? (long)int.MaxValue);
    private int _count;

    /// <summary>Requests taken and not ended.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Counts some more, all or none.</summary>
    /// <exception cref="QueueFullException">They are too many.</exception>
    public void Enter(int requests)
    {
        int count = Interlocked.Add(ref _count, requests);
        if (count <= _most)
            return;
        Interlocked.Add(ref _count, -requests);
        throw new QueueFullException(Math.Max(0, count - requests - maxSequences), maxQueued!.Value);
    }

    /// <summary>Counts one less.</summary>
    public void Leave() => Interlocked.Decrement(ref _count);
}
