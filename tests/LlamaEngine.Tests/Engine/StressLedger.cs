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
    private List<WeakReference> _tracked = [];

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

    /// <summary>Stops tracking what was collected; call it after a collection.</summary>
    /// <returns>How many somebody still holds.</returns>
    public int ForgetCollected()
    {
        _tracked = [.. _tracked.Where(reference => reference.IsAlive)];
        return _tracked.Count;
    }

    public override string ToString() => string.Join(", ", Enum.GetValues<StressOutcome>().Select(outcome => $"{_outcomes[(int)outcome]} {outcome}"));
}
