namespace LlamaEngine.Cli.Serving;

/// <summary>One request of a load test, before it is sent.</summary>
/// <param name="Prompt">Its tokens.</param>
/// <param name="Options">How it is sampled.</param>
/// <param name="Arrival">When it comes, from the start of the run; null: as soon as a user is free.</param>
/// <param name="Withdrawal">When its caller gives up; null: never.</param>
internal sealed record PlannedRequest(int[] Prompt, GenerationOptions Options, TimeSpan? Arrival, Withdrawal? Withdrawal);

/// <summary>How a caller gives up.</summary>
/// <param name="Kind">The way.</param>
/// <param name="Tokens">After so many tokens, at least 1; unless it is while waiting.</param>
/// <param name="Wait">While waiting: after this share, below 1, of the mean time to the first token.</param>
internal readonly record struct Withdrawal(WithdrawalKind Kind, int Tokens, double Wait);

/// <summary>The ways to give up.</summary>
internal enum WithdrawalKind
{
    /// <summary>Cancels while the request is in the queue or in prefill.</summary>
    CancelWaiting,

    /// <summary>Cancels while tokens come.</summary>
    CancelDecoding,

    /// <summary>Leaves the enumeration while tokens come.</summary>
    Abandon,
}
