namespace LlamaEngine.Cli.Json;

/// <summary>What <c>generate --json</c> prints.</summary>
/// <param name="Text">The text, without end tokens and stop strings.</param>
/// <param name="Tokens">Ids generated, the end token included if one was sampled.</param>
/// <param name="PromptTokens">Ids of the prompt, template and BOS included.</param>
/// <param name="FinishReason">stop or length.</param>
/// <param name="Usage">Counts of tokens.</param>
/// <param name="Timings">Where the time went.</param>
/// <param name="Logprobs">One entry a token, if --logprobs asked for them.</param>
internal sealed record GenerateResult(
    string Text, int[] Tokens, int[] PromptTokens, string FinishReason, UsageResult Usage, TimingsResult Timings, TokenResult[]? Logprobs)
{
    /// <summary>The result of a completion.</summary>
    public static GenerateResult From(Completion completion, int[] promptTokens) => new(
        completion.Text,
        [.. completion.Tokens],
        promptTokens,
        completion.FinishReason == LlamaEngine.FinishReason.Length ? "length" : "stop",
        UsageResult.From(completion.Usage),
        TimingsResult.From(completion.Timings, completion.Usage),
        completion.LogProbabilities.IsDefaultOrEmpty ? null : [.. completion.Tokens.Select((id, index) => TokenResult.From(completion, id, index))]);
}

/// <summary>Tokens a completion took.</summary>
internal sealed record UsageResult(int PromptTokens, int CompletionTokens, int TotalTokens, int CachedTokens)
{
    /// <summary>The counts as JSON has them.</summary>
    public static UsageResult From(TokenUsage usage) => new(usage.PromptTokens, usage.CompletionTokens, usage.TotalTokens, usage.CachedTokens);
}

/// <summary>Where the time of a completion went.</summary>
internal sealed record TimingsResult(
    double QueuedSeconds, double PrefillSeconds, double DecodeSeconds, double TotalSeconds,
    double? PrefillTokensPerSecond, double? DecodeTokensPerSecond)
{
    /// <summary>The times and the rates they mean; the first token comes out of the prefill.</summary>
    public static TimingsResult From(CompletionTimings timings, TokenUsage usage) => new(
        timings.Queued.TotalSeconds,
        timings.Prefill.TotalSeconds,
        timings.Decode.TotalSeconds,
        timings.Total.TotalSeconds,
        Rate(usage.PromptTokens - usage.CachedTokens, timings.Prefill),
        Rate(usage.CompletionTokens - 1, timings.Decode));

    private static double? Rate(int tokens, TimeSpan time) => tokens > 0 && time > TimeSpan.Zero ? tokens / time.TotalSeconds : null;
}

/// <summary>A token generated, with its log probability and the likeliest alternatives.</summary>
internal sealed record TokenResult(int Token, double Logprob, AlternativeResult[] Top)
{
    /// <summary>The token at a place of a completion.</summary>
    public static TokenResult From(Completion completion, int id, int index) => new(
        id,
        completion.LogProbabilities[index],
        completion.TopLogProbabilities.IsDefaultOrEmpty
            ? []
            : [.. completion.TopLogProbabilities[index].Select(top => new AlternativeResult(top.TokenId, top.LogProbability))]);
}

/// <summary>A token that could have been sampled.</summary>
internal sealed record AlternativeResult(int Token, double Logprob);
