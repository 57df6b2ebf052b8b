using Microsoft.Extensions.AI;

namespace RagChatbot.Engines;

/// <summary>What a balancer knows of one server. Guarded by the balancer's lock.</summary>
internal sealed class EndpointState(Uri address, IChatClient client)
{
    private static readonly TimeSpan FirstRest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(1);

    private int _failures;

    /// <summary>The server.</summary>
    public Uri Address => address;

    /// <summary>Asks it.</summary>
    public IChatClient Client => client;

    /// <summary>Requests that it has not ended.</summary>
    public int Outstanding { get; set; }

    /// <summary>When it was chosen last, as a running number.</summary>
    public long Chosen { get; set; }

    /// <summary>Until when it is not asked while others can be.</summary>
    public DateTimeOffset RestsUntil { get; private set; }

    /// <summary>Why it failed last; null: it did not.</summary>
    public string? LastFailure { get; private set; }

    /// <summary>Whether it can be asked. One that has failed is first tried with one request.</summary>
    public bool IsReady(DateTimeOffset now) => _failures == 0 || (now >= RestsUntil && Outstanding == 0);

    /// <summary>It answered.</summary>
    public void Succeed() => _failures = 0;

    /// <summary>It failed: it rests, twice as long each time. Requests that fail together count once.</summary>
    public void Fail(string message, DateTimeOffset now)
    {
        LastFailure = message;
        if (_failures > 0 && now < RestsUntil)
            return;
        double seconds = FirstRest.TotalSeconds * Math.Pow(2, Math.Min(_failures, 10));
        RestsUntil = now + TimeSpan.FromSeconds(Math.Min(seconds, LongestRest.TotalSeconds));
        _failures++;
    }
}
