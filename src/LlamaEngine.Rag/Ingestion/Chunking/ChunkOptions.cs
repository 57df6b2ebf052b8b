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

    /// <exception cref="ArgumentOutOfRangeException">A value is outside its range.</exception>
    internal void Check()
    {
        if (MaxTokens is < LeastTokens or > 100_000)
            throw new ArgumentOutOfRangeException(nameof(MaxTokens), MaxTokens, $"ChunkOptions.MaxTokens has to be from {LeastTokens} to 100,000.");
        if (OverlapTokens < 0 || OverlapTokens > MaxTokens / 2)
            throw new ArgumentOutOfRangeException(nameof(OverlapTokens), OverlapTokens, $"ChunkOptions.OverlapTokens has to be from 0 to {MaxTokens / 2}, half of MaxTokens.");
    }
}
