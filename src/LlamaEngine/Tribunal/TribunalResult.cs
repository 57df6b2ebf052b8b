using System.Collections.Immutable;

namespace LlamaEngine.Tribunal;

/// <summary>A tribunal that has come to its end.</summary>
public sealed record TribunalResult
{
    /// <summary>All stages, in order: the answer, then a critique and a revision for each round.</summary>
    public required ImmutableArray<TribunalStage> Stages { get; init; }

    /// <summary>The last answer: of the last revision, or the one that the critic approved.</summary>
    public required string Output { get; init; }

    /// <summary>The critic approved the output with the approval word, and so ended the tribunal.</summary>
    public required bool IsApproved { get; init; }

    /// <summary>Tokens that all stages took together.</summary>
    public TokenUsage Usage => new(
        Stages.Sum(stage => stage.Usage.PromptTokens),
        Stages.Sum(stage => stage.Usage.CompletionTokens),
        Stages.Sum(stage => stage.Usage.CachedTokens));
}
