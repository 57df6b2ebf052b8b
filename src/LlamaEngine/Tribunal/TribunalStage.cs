using System.Collections.Immutable;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tribunal;

/// <summary>What a stage of a tribunal does.</summary>
public enum TribunalStageKind
{
    /// <summary>Answers the request.</summary>
    Generate,

    /// <summary>Says what is wrong with the answer.</summary>
    Critique,

    /// <summary>Answers again, with the critique before it.</summary>
    Revise,
}

/// <summary>A stage that has ended: what the model was shown, and what it said.</summary>
public sealed record TribunalStage
{
    /// <summary>What the stage does.</summary>
    public required TribunalStageKind Kind { get; init; }

    /// <summary>0 for the first answer; critique and revision of the same round count from 1.</summary>
    public required int Round { get; init; }

    /// <summary>The name of the model that was asked.</summary>
    public required string Model { get; init; }

    /// <summary>The chat that the model answered; it begins with the messages of the stage before.</summary>
    public required ImmutableArray<ChatMessage> Messages { get; init; }

    /// <summary>The reply with its tokens, finish reason, usage and timings.</summary>
    public required Completion Completion { get; init; }

    /// <summary><c>generate</c>, <c>critique</c> or <c>revise</c>.</summary>
    public string Name => NameOf(Kind);

    /// <summary>The reply's text.</summary>
    public string Text => Completion.Text;

    /// <summary>Tokens the stage took; its cached tokens are what it shares with the stages before.</summary>
    public TokenUsage Usage => Completion.Usage;

    /// <summary>Why the reply ended.</summary>
    public FinishReason FinishReason => Completion.FinishReason;

    internal static string NameOf(TribunalStageKind kind) => kind switch
    {
        TribunalStageKind.Generate => "generate",
        TribunalStageKind.Critique => "critique",
        _ => "revise",
    };
}
