using System.Collections.Immutable;
using LlamaEngine.Tribunal;

namespace LlamaEngine;

/// <summary>A later stage of a tribunal failed; the stages before it had ended well and are here. The cause is the inner exception.</summary>
/// <remarks>
/// Nothing is lost with a failure of the first stage, which is thrown as it is; so is a cancellation. Whoever wants the stages
/// before a cancellation reads the tribunal as a stream.
/// </remarks>
public sealed class TribunalException : LlamaEngineException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="stage">What the stage that failed was to do.</param>
    /// <param name="round">Its round, from 1.</param>
    /// <param name="stages">The stages before it.</param>
    /// <param name="innerException">What it failed with, for example <see cref="ContextLengthExceededException"/>.</param>
    public TribunalException(TribunalStageKind stage, int round, ImmutableArray<TribunalStage> stages, Exception innerException)
        : base($"The stage '{TribunalStage.NameOf(stage)}' of round {round} failed: {innerException.Message}", innerException)
    {
        Stage = stage;
        Round = round;
        Stages = stages;
    }

    /// <summary>What the stage that failed was to do.</summary>
    public TribunalStageKind Stage { get; }

    /// <summary>Its round, from 1.</summary>
    public int Round { get; }

    /// <summary>The stages before it, in order; at least one.</summary>
    public ImmutableArray<TribunalStage> Stages { get; }
}
