namespace LlamaEngine.Cli;

/// <summary>A clock that always shows one time, as local time in the time's own offset.</summary>
internal sealed class StoppedClock(DateTimeOffset now) : TimeProvider
{
    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone { get; } = TimeZoneInfo.CreateCustomTimeZone("--now", now.Offset, null, null);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => now.ToUniversalTime();
}
