namespace LlamaEngine;

/// <summary>How the hidden states of a text (the outputs of the last norm, one a token) become one vector.</summary>
public enum EmbeddingPooling
{
    /// <summary>The last token's: the only one that has seen the whole text of a causal model.</summary>
    LastToken,

    /// <summary>The mean of all tokens'.</summary>
    Mean,

    /// <summary>The first token's, for models that were trained with a CLS token.</summary>
    Cls,
}

/// <summary>How texts are embedded.</summary>
public sealed record EmbeddingOptions
{
    /// <summary>How the tokens' vectors become one.</summary>
    public EmbeddingPooling Pooling { get; init; }

    /// <summary>Scale vectors to length 1, so that a dot product is the cosine.</summary>
    public bool Normalize { get; init; }

    /// <summary>Higher ones are served first; within one priority, first come, first served.</summary>
    public int Priority { get; init; }

    /// <summary>Fail with <see cref="DeadlineExceededException"/> what is not done after so long; null: no limit.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>The vector of a text.</summary>
/// <param name="Vector">As many values as the model is wide (<see cref="Models.LlamaConfiguration.HiddenSize"/>).</param>
/// <param name="Usage">Tokens it took.</param>
public sealed record PromptEmbedding(ReadOnlyMemory<float> Vector, TokenUsage Usage);
