using System.Diagnostics;

namespace LlamaEngine.Cli.Serving;

/// <summary>What came of a request.</summary>
internal sealed class ServedRequest(PlannedRequest plan, long arrived)
{
    private readonly List<int> _bits = [];
    private long _first, _last;

    /// <summary>The request.</summary>
    public PlannedRequest Plan => plan;

    /// <summary>Tokens that its caller got.</summary>
    public int Tokens { get; private set; }

    /// <summary>It ended because its caller gave up.</summary>
    public bool Cancelled { get; set; }

    /// <summary>Whether its times count: its caller never meant to give up, so fast ones are not preferred.</summary>
    public bool IsMeasured => plan.Withdrawal is null;

    /// <summary>From its arrival to its first token.</summary>
    public TimeSpan TimeToFirstToken => Stopwatch.GetElapsedTime(arrived, _first);

    /// <summary>From its arrival to its last token.</summary>
    public TimeSpan Latency => Stopwatch.GetElapsedTime(arrived, _last);

    /// <summary>The mean time from one token to the next; null if there was one only.</summary>
    public TimeSpan? TimePerOutputToken => Tokens > 1 ? Stopwatch.GetElapsedTime(_first, _last) / (Tokens - 1) : null;

    /// <summary>Takes an update.</summary>
    public void Add(CompletionUpdate update)
    {
        // A server may send several tokens at once, and says at the end how many there were.
        if (update.Usage is { } usage)
            Tokens = usage.CompletionTokens - (update.TokenId is null ? 0 : 1);
        if (update.TokenId is not { } token)
            return;
        _last = Stopwatch.GetTimestamp();
        if (Tokens++ == 0)
            _first = _last;
        _bits.Add(token);
        if (update.LogProbability is { } logProbability)
            _bits.Add(BitConverter.SingleToInt32Bits(logProbability));
        foreach (TokenLogProbability alternative in update.TopLogProbabilities)
            _bits.AddRange([alternative.TokenId, BitConverter.SingleToInt32Bits(alternative.LogProbability)]);
    }

    /// <summary>Whether another request gave the same tokens and log probabilities, bit by bit.</summary>
    public bool HasSameResultAs(ServedRequest other) => _bits.SequenceEqual(other._bits);
}
