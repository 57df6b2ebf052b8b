using System.Collections.Immutable;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tribunal;

/// <summary>What an update of a tribunal tells.</summary>
public enum TribunalUpdateKind
{
    /// <summary>A stage begins: <see cref="TribunalUpdate.Messages"/>.</summary>
    StageStarted,

    /// <summary>A piece of a stage's reply: <see cref="TribunalUpdate.Text"/> and <see cref="TribunalUpdate.Completion"/>.</summary>
    Text,

    /// <summary>A stage has ended: <see cref="TribunalUpdate.Ended"/>.</summary>
    StageEnded,

    /// <summary>The tribunal has ended: <see cref="TribunalUpdate.Result"/>. The last update.</summary>
    Ended,
}

/// <summary>One step of a streamed tribunal.</summary>
public sealed record TribunalUpdate
{
    /// <summary>What it tells.</summary>
    public required TribunalUpdateKind Kind { get; init; }

    /// <summary>The number of its stage among all, from 0; that of the last stage at the end.</summary>
    public required int StageIndex { get; init; }

    /// <summary>What its stage does.</summary>
    public required TribunalStageKind Stage { get; init; }

    /// <summary><c>generate</c>, <c>critique</c> or <c>revise</c>.</summary>
    public string StageName => TribunalStage.NameOf(Stage);

    /// <summary>The round of its stage: 0 for the first answer, from 1 for critiques and revisions.</summary>
    public required int Round { get; init; }

    /// <summary>The name of the model that its stage asks.</summary>
    public required string Model { get; init; }

    /// <summary>Text that became complete with this update; empty unless it is a piece of a reply.</summary>
    public string Text { get; init; } = "";

    /// <summary>The chat that the stage answers, where a stage begins; else none.</summary>
    public ImmutableArray<ChatMessage> Messages { get; init; } = [];

    /// <summary>The piece of the reply as the engine gave it; null unless it is one.</summary>
    public CompletionUpdate? Completion { get; init; }

    /// <summary>The whole stage with its usage, where one ended; else null.</summary>
    public TribunalStage? Ended { get; init; }

    /// <summary>The whole tribunal, in the last update; else null.</summary>
    public TribunalResult? Result { get; init; }
}
