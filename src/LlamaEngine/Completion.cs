using System.Collections.Immutable;

namespace LlamaEngine;

/// <summary>Why a completion ended.</summary>
public enum FinishReason
{
    /// <summary>It has not ended.</summary>
    None,

    /// <summary>The model sampled an end token, or a stop string or token was met.</summary>
    Stop,

    /// <summary>MaxTokens, or the end of the context, was reached.</summary>
    Length,
}

/// <summary>Tokens a completion took.</summary>
/// <param name="PromptTokens">Tokens of the prompt.</param>
/// <param name="CompletionTokens">Tokens generated, a sampled end token included.</param>
/// <param name="CachedTokens">Tokens of the prompt whose keys and values were in the cache already.</param>
public readonly record struct TokenUsage(int PromptTokens, int CompletionTokens, int CachedTokens)
{
    /// <summary>Prompt and completion.</summary>
    public int TotalTokens => PromptTokens + CompletionTokens;
}

/// <summary>Where the time of a completion went.</summary>
/// <param name="Queued">From the call to the start of the prefill.</param>
/// <param name="Prefill">From there to the first token.</param>
/// <param name="Decode">From the first token to the last.</param>
public readonly record struct CompletionTimings(TimeSpan Queued, TimeSpan Prefill, TimeSpan Decode)
{
    /// <summary>From the call to the last token.</summary>
    public TimeSpan Total => Queued + Prefill + Decode;
}

/// <summary>A token with its log probability (natural logarithm, after penalties, before temperature and truncation).</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogProbability">ln p, at most 0.</param>
public readonly record struct TokenLogProbability(int TokenId, float LogProbability);

/// <summary>One step of a streamed completion.</summary>
public sealed record CompletionUpdate
{
    /// <summary>Which of <see cref="GenerationOptions.Choices"/> it belongs to, from 0.</summary>
    public int ChoiceIndex { get; init; }

    /// <summary>Text that became complete with this token; often one word, sometimes empty.</summary>
    public required string Text { get; init; }

    /// <summary>The token sampled; null in an update that only releases held-back text.</summary>
    public int? TokenId { get; init; }

    /// <summary>ln p of the token; null unless asked for.</summary>
    public float? LogProbability { get; init; }

    /// <summary>The most likely alternatives, best first; empty unless asked for.</summary>
    public ImmutableArray<TokenLogProbability> TopLogProbabilities { get; init; } = [];

    /// <summary>Set in the last update.</summary>
    public FinishReason FinishReason { get; init; }

    /// <summary>Set in the last update.</summary>
    public TokenUsage? Usage { get; init; }

    /// <summary>Set in the last update.</summary>
    public CompletionTimings? Timings { get; init; }
}

/// <summary>A whole completion.</summary>
public sealed record Completion
{
    /// <summary>The text, without end tokens and stop strings.</summary>
    public required string Text { get; init; }

    /// <summary>The tokens generated, the end token included if one was sampled.</summary>
    public required ImmutableArray<int> Tokens { get; init; }

    /// <summary>Why it ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>Tokens it took.</summary>
    public required TokenUsage Usage { get; init; }

    /// <summary>Where the time went.</summary>
    public required CompletionTimings Timings { get; init; }

    /// <summary>ln p of each token; empty unless asked for.</summary>
    public ImmutableArray<float> LogProbabilities { get; init; } = [];

    /// <summary>The alternatives of each token; empty unless asked for.</summary>
    public ImmutableArray<ImmutableArray<TokenLogProbability>> TopLogProbabilities { get; init; } = [];
}
