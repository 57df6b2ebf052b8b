namespace LlamaEngine.Tribunal;

/// <summary>How a tribunal (generate → critique → revise) runs. Immutable.</summary>
public sealed record TribunalOptions
{
    /// <summary>Most rounds that are allowed.</summary>
    internal const int MaxRounds = 8;

    /// <summary>How often the answer is criticized and revised, 1 … 8.</summary>
    public int Rounds { get; init; } = 1;

    /// <summary>How each stage samples and when it ends, where the stage does not say; null: as the model's generation_config says.</summary>
    /// <remarks>A time limit holds for each stage by itself. One choice only.</remarks>
    public GenerationOptions? Generation { get; init; }

    /// <summary>The first answer. Its prompt must have the place <c>{request}</c>; by default it is nothing else.</summary>
    public TribunalStageOptions Generate { get; init; } = new();

    /// <summary>The critique of an answer. Its prompt may have the places <c>{request}</c>, <c>{answer}</c> and <c>{approval}</c>.</summary>
    public TribunalStageOptions Critique { get; init; } = new();

    /// <summary>A new answer. Its prompt may have the places <c>{request}</c>, <c>{answer}</c> and <c>{critique}</c>.</summary>
    public TribunalStageOptions Revise { get; init; } = new();

    /// <summary>
    /// What a critic says, and nothing else, to end the tribunal with the answer as it is; null, the default: all rounds are run.
    /// </summary>
    /// <remarks>
    /// Upper and lower case count the same, and so does a reply in quotation marks or with a full stop behind it. The critic has to be
    /// told: the default prompt does, another one needs the place <c>{approval}</c>.
    /// </remarks>
    public string? ApprovalWord { get; init; }

    /// <summary>The options of a stage.</summary>
    internal TribunalStageOptions Of(TribunalStageKind kind) => kind switch
    {
        TribunalStageKind.Generate => Generate,
        TribunalStageKind.Critique => Critique,
        _ => Revise,
    };
}

/// <summary>How one stage of a tribunal runs. Immutable.</summary>
public sealed record TribunalStageOptions
{
    /// <summary>
    /// The engine that is asked; null: the one that the tribunal was called on. It stays the caller's, and must not be disposed
    /// before the tribunal ends.
    /// </summary>
    public InferenceEngine? Engine { get; init; }

    /// <summary>
    /// What the user's message says, with named places in braces; null: a short default. Other braces stand for themselves.
    /// </summary>
    /// <remarks>
    /// The stages are one chat that goes on, so a prompt need not repeat the request, the answer or the critique: the model reads
    /// them above it. Where it does repeat one, the text is put in as it is.
    /// </remarks>
    public string? Prompt { get; init; }

    /// <summary>How the stage samples and when it ends; null: as <see cref="TribunalOptions.Generation"/> says.</summary>
    public GenerationOptions? Generation { get; init; }
}
