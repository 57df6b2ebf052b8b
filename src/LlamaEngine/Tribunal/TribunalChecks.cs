using System.Collections.Immutable;
using LlamaEngine.Sampling;
using Microsoft.Extensions.AI;

namespace LlamaEngine.Tribunal;

/// <summary>Refuses, before anything is computed, a tribunal that could not run to its end.</summary>
internal static class TribunalChecks
{
    /// <summary>Checks options; prompts are checked by <see cref="TribunalPrompts"/>.</summary>
    /// <param name="own">The engine of the stages that name none.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">A model has no chat template.</exception>
    public static void Check(TribunalOptions options, InferenceEngine own)
    {
        if (options.Rounds is < 1 or > TribunalOptions.MaxRounds)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.Rounds, $"{nameof(options.Rounds)} must be from 1 to {TribunalOptions.MaxRounds}.");
        }
        ApprovalWord.Check(options.ApprovalWord);
        foreach (TribunalStageKind kind in Enum.GetValues<TribunalStageKind>())
            Check(kind, options, own);
    }

    /// <summary>Checks the messages of a request.</summary>
    /// <exception cref="ArgumentException">The last one is not the user's, so there is nothing to answer.</exception>
    public static void Check(ImmutableArray<ChatMessage> messages)
    {
        if (messages.IsEmpty || messages[^1].Role != ChatRole.User)
            throw new ArgumentException("The last message must be the user's: it is the request.", nameof(messages));
    }

    private static void Check(TribunalStageKind kind, TribunalOptions options, InferenceEngine own)
    {
        TribunalStageOptions stage = options.Of(kind)
            ?? throw new ArgumentException($"{nameof(TribunalOptions)}.{kind} must not be null.", nameof(options));
        InferenceEngine engine = stage.Engine ?? own;
        if (engine.ChatTemplate is null)
            throw new InvalidOperationException($"The model '{engine.Model.Name}' of the stage {kind} has no chat template.");
        if ((stage.Generation ?? options.Generation) is not { } generation)
            return;
        OptionChecks.Check(generation, engine.Model.Configuration.VocabularySize);
        if (generation.Choices != 1)
            throw new ArgumentException($"A tribunal goes on with one reply, so the stage {kind} has one choice.", nameof(options));
    }
}
