namespace LlamaEngine.Scheduling;

/// <summary>
/// How long the readers of completions rest between two looks at what was generated, so that what each look costs is shared by several
/// tokens. A request's first token and the ends of its completions are handed over at once all the same. One pace may serve many readers.
/// </summary>
/// <remarks>Thread-safe: a change holds from each reader's next rest on.</remarks>
internal sealed class UpdatePace
{
    private long _milliseconds;

    /// <summary>For those who want a completion when it is whole.</summary>
    public static UpdatePace AtTheEnd { get; } = new() { Rest = Timeout.InfiniteTimeSpan };

    /// <summary>In whole milliseconds; zero: no rest; <see cref="Timeout.InfiniteTimeSpan"/>: up to the end.</summary>
    public TimeSpan Rest
    {
        get => TimeSpan.FromMilliseconds(Volatile.Read(ref _milliseconds));
        set => Volatile.Write(ref _milliseconds, (long)value.TotalMilliseconds);
    }

    /// <summary>
    /// How long a rest that begins now is. Rests of equal length end together, so that many readers are woken at one time: waking them one
    /// by one would disturb the engine at each.
    /// </summary>
    public TimeSpan Next
    {
        get
        {
            long rest = Volatile.Read(ref _milliseconds);
            return TimeSpan.FromMilliseconds(rest <= 0 ? rest : rest - Environment.TickCount64 % rest);
        }
    }
}
