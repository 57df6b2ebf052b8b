using System.Collections.Immutable;
using LlamaEngine.Sampling;

namespace LlamaEngine.Scheduling;

/// <summary>What the loop thread tells a caller after each step.</summary>
/// <param name="Sampled">The token sampled; null if none was.</param>
/// <param name="TopLogProbabilities">Its likeliest alternatives; default unless asked for.</param>
/// <param name="Finish">Set in the last event.</param>
internal readonly record struct TokenEvent(
    SampledToken? Sampled, ImmutableArray<TokenLogProbability> TopLogProbabilities, FinishReason Finish);
