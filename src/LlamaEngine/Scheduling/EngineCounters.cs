namespace LlamaEngine.Scheduling;

/// <summary>What the loop thread counts; others read it through <see cref="Read"/>.</summary>
internal sealed class EngineCounters
{
    private readonly Lock _lock = new();
    private EngineStatistics _statistics;

    /// <summary>Numbers of one moment, consistent with each other.</summary>
    public EngineStatistics Read()
    {
        lock (_lock)
            return _statistics;
    }

    /// <summary>Publishes new numbers; called once a step.</summary>
    public void Publish(in EngineStatistics statistics)
    {
        lock (_lock)
            _statistics = statistics;
    }
}
