using System.Collections.Immutable;
using LlamaEngine.Sampling;
using LlamaEngine.Scheduling;

namespace LlamaEngine;

/// <summary>How a completion is sampled and when it ends. Null means: as the model's generation_config says, else the stated default.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens to generate, at least 1; null: up to the end of the context.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>
    /// Completions of the same prompt, 1 … 128; the prompt is computed once. Choice i draws with seed + i, so choice 0 is what a
    /// single completion would be.
    /// </summary>
    public int Choices { get; init; } = 1;

    /// <summary>Higher ones are served first, and lose their memory last; within one priority, first come, first served.</summary>
    public int Priority { get; init; }

    /// <summary>Fail with <see cref="DeadlineExceededException"/> what is not done after so long, from the call on; null: no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>End tokens are not sampled before so many tokens.</summary>
    public int MinTokens { get; init; }

    /// <summary>0 is greedy; default 0 (greedy) unless the model says otherwise.</summary>
    public float? Temperature { get; init; }

    /// <summary>Only the k most likely tokens; 0: all.</summary>
    public int? TopK { get; init; }

    /// <summary>Nucleus sampling (Holtzman et al. 2019, arXiv 1904.09751); 1: all.</summary>
    public float? TopP { get; init; }

    /// <summary>Only tokens at least so likely relative to the best (Nguyen et al. 2024, arXiv 2407.01082); 0: all.</summary>
    public float? MinP { get; init; }

    /// <summary>Locally typical sampling (Meister et al. 2022, arXiv 2202.00666); 1: all.</summary>
    public float? TypicalP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of seen tokens (Keskar et al. 2019, arXiv 1909.05858); 1: none.</summary>
    public float? RepetitionPenalty { get; init; }

    /// <summary>Subtracted once from the logits of tokens generated already; −2 … 2.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Subtracted from a token's logit for every time it was generated; −2 … 2.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>How many of the last tokens the penalties see; null: all of the sequence.</summary>
    public int? PenaltyWindow { get; init; }

    /// <summary>Added to the logits of single tokens; −∞ forbids one.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>Tokens that are never sampled.</summary>
    public ImmutableArray<int> BannedTokens { get; init; } = [];

    /// <summary>Same seed, same prompt, same options: same tokens. Null: a random one.</summary>
    public ulong? Seed { get; init; }

    /// <summary>Texts that end the completion; they may span tokens and are never part of the text.</summary>
    public ImmutableArray<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the completion, besides the model's own.</summary>
    public ImmutableArray<int> StopTokens { get; init; } = [];

    /// <summary>Go on past the model's end tokens.</summary>
    public bool IgnoreEndTokens { get; init; }

    /// <summary>
    /// The form of the completion; null: free text. With a form, tokens that would lead away from it are not sampled, after custom processors and
    /// before everything else. Not together with <see cref="StopStrings"/> and <see cref="IgnoreEndTokens"/>, which would cut it or let
    /// it never end; end and stop tokens are sampled only where it is complete, and where nothing else may follow
    /// <see cref="MinTokens"/> does not keep them back.
    /// </summary>
    public ResponseFormat? ResponseFormat { get; init; }

    /// <summary>Report log probabilities, with so many alternatives a token; null: none. 0 … 20.</summary>
    public int? TopLogProbabilities { get; init; }

    /// <summary>Custom processors, called in order on the raw logits before everything else.</summary>
    public ImmutableArray<ILogitProcessor> LogitProcessors { get; init; } = [];

    /// <summary>How often whoever reads the completion looks for more of it; null: at each token.</summary>
    internal UpdatePace? Pace { get; init; }
}
