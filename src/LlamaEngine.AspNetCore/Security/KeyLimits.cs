using LlamaEngine.AspNetCore.Errors;

namespace LlamaEngine.AspNetCore.Security;

/// <summary>Counts what a key has used. Thread-safe.</summary>
/// <remarks>
/// Requests and tokens of a minute are a bucket each, which holds a minute's worth and fills up evenly (a token bucket). A request's
/// tokens are known when it ends, so they are taken then, and the next request waits until the bucket is above zero again.
/// </remarks>
internal sealed class KeyLimits(ApiKey key, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly Bucket? _requests = Bucket.Create(key.RequestsPerMinute, clock), _tokens = Bucket.Create(key.TokensPerMinute, clock);
    private int _running;

    /// <summary>Whose limits they are.</summary>
    public ApiKey Key { get; } = key;

    /// <summary>Begins a request.</summary>
    /// <exception cref="ApiException">A limit is reached (429).</exception>
    public void Begin()
    {
        lock (_lock)
        {
            if (_running >= Key.Concurrency)
                throw ApiException.TooMany($"The key '{Key.Name}' may have {Key.Concurrency} requests at a time.", 1, "concurrency_limit_exceeded");
            if (_tokens?.SecondsUntil(0) is > 0 and var tokenWait)
                throw ApiException.TooMany($"The key '{Key.Name}' may use {Key.TokensPerMinute} tokens a minute.", Whole(tokenWait), "rate_limit_exceeded");
            if (_requests?.SecondsUntil(1) is > 0 and var wait)
                throw ApiException.TooMany($"The key '{Key.Name}' may begin {Key.RequestsPerMinute} requests a minute.", Whole(wait), "rate_limit_exceeded");
            _requests?.Take(1);
            _running++;
        }
    }

    /// <summary>Ends a request.</summary>
    /// <param name="tokens">Tokens that it took.</param>
    public void End(int tokens)
    {
        lock (_lock)
        {
            _running--;
            _tokens?.Take(tokens);
        }
    }

    private static int Whole(double seconds) => Math.Max(1, (int)Math.Ceiling(seconds));

    private sealed class Bucket(int perMinute, TimeProvider clock)
    {
        private double _level = perMinute;
        private long _filled = clock.GetTimestamp();

        public static Bucket? Create(int? perMinute, TimeProvider clock) => perMinute is { } rate ? new Bucket(rate, clock) : null;

        public void Take(int amount)
        {
            Fill();
            _level -= amount;
        }

        /// <summary>Time until the level is at least so high; above 0 for an amount of 0 only while more was taken than there was.</summary>
        public double SecondsUntil(int amount)
        {
            Fill();
            return (amount - _level) * 60 / perMinute;
        }

        private void Fill()
        {
            long now = clock.GetTimestamp();
            _level = Math.Min(perMinute, _level + clock.GetElapsedTime(_filled, now).TotalMinutes * perMinute);
            _filled = now;
        }
    }
}
