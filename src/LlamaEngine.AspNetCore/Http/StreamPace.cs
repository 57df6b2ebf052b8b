using LlamaEngine.Scheduling;

namespace LlamaEngine.AspNetCore.Http;

/// <summary>
/// How often the streams of a server are written to. An event costs a wake-up, a write and a read, whatever it holds; so that with many
/// streams these do not take the processors from the engine, each of them then rests, and its events hold several tokens.
/// </summary>
/// <remarks>Thread-safe.</remarks>
/// <param name="rest">The rest of every stream; null: as many streams and processors ask for.</param>
/// <param name="processors">Processors that server, engine and perhaps clients share.</param>
internal sealed class StreamPace(TimeSpan? rest, int processors)
{
    /// <summary>About what an event takes of a processor at both ends of a connection within one machine, in ms (docs/decisions/0021).</summary>
    private const double EventCost = 0.06;

    /// <summary>The part of the processors that events may take.</summary>
    private const double EventShare = 0.04;

    /// <summary>The longest rest in ms that still looks like a stream.</summary>
    private const double LongestRest = 100;

    private readonly Lock _lock = new();
    private int _streams;

    /// <summary>The pace of all streams.</summary>
    public UpdatePace Updates { get; } = new() { Rest = rest ?? TimeSpan.Zero };

    /// <summary>Counts a stream that begins.</summary>
    public void Enter() => Add(1);

    /// <summary>Counts it no more.</summary>
    public void Leave() => Add(-1);

    private void Add(int streams)
    {
        lock (_lock)
        {
            _streams += streams;
            Updates.Rest = rest ?? TimeSpan.FromMilliseconds(Math.Round(Math.Min(_streams * EventCost / (EventShare * processors), LongestRest)));
        }
    }
}
