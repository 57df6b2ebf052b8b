namespace LlamaEngine.Tests.Engine;

/// <summary>How a request of the stress test ended.</summary>
internal enum StressOutcome
{
    Completed,
    Cancelled,
    Abandoned,
    TimedOut,
    Failed,
    Refused,
}

/// <summary>Counts how requests end, and watches whether anybody still holds them.</summary>
internal sealed class StressLedger
{
    private readonly Lock _lock = new();
    private readonly int[] _outcomes = new int[Enum.GetValues<StressOutcome>().Length];
    private readonly List<WeakReference> _tracked = [];

    /// <summary>Requests that ended; those that were refused never began.</summary>
    public int Ended
    {
        get
        {
            lock (_lock)
                return _outcomes.Sum() - _outcomes[(int)StressOutcome.Refused];
        }
    }

    /// <summary>Whether every way to end was met.</summary>
    public bool MetEverything => _outcomes.All(count => count > 0);

    public int Tracked => _tracked.Count;

    /// <summary>Tracked objects that are not collected; ask after a collection.</summary>
    public int Alive => _tracked.Count(reference => reference.IsAlive);

    public void Count(StressOutcome outcome)
    {
        lock (_lock)
            _outcomes[(int)outcome]++;
    }

    public void Track(object part)
    {
        lock (_lock)
            _tracked.Add(new WeakReference(part));
    }

    public override string ToString() => string.Join(", ", Enum.GetValues<StressOutcome>().Select(outcome => $"{_outcomes[(int)outcome]} {outcome}"));
}
