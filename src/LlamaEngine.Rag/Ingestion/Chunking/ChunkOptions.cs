namespace LlamaEngine.Rag;

/// <summary>How documents are cut into pieces. Immutable.</summary>
public sealed record ChunkOptions
{
    /// <summary>The smallest <see cref="MaxTokens"/>: enough for any character, whatever the tokenizer.</summary>
    internal const int LeastTokens = 16;

    /// <summary>At most so many tokens of the model are in one chunk; 16 … 100,000.</summary>
    public int MaxTokens { get; init; } = 200;

    /// <summary>
    /// At most so many tokens at a chunk's beginning are repeated from the one before, in whole sentences; 0 … half of <see cref="MaxTokens"/>.
    /// </summary>
    public int OverlapTokens { get; init; } = 40;

    /// <summary>Chunks of which a model's context holds some, with question and answer: a fifth of it each, at most 200 tokens; a fifth of that overlaps.</summary>
    /// <param name="contextLength">The context in tokens; at least 1.</param>
    public static ChunkOptions ForContext(int contextLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(contextLength, 1);
        int tokens = Math.Clamp(contextLength / 5, LeastTokens, 200);
        return new ChunkOptions { MaxTokens = tokens, OverlapTokens = tokens / 5 };
    }

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    internal void Check()
    {
        if (MaxTokens is < LeastTokens or > 100_000)
            throw new ArgumentOutOfRangeException(nameof(MaxTokens), MaxTokens, $"ChunkOptions.MaxTokens has to be from {LeastTokens} to 100,000.");
        if (OverlapTokens < 0 || OverlapTokens > MaxTokens / 2)
            throw new ArgumentOutOfRangeException(nameof(OverlapTokens), OverlapTokens, $"ChunkOptions.OverlapTokens has to be from 0 to {MaxTokens / 2}, half of MaxTokens.");
    }
}
