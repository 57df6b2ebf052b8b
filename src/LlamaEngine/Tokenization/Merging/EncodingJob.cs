namespace LlamaEngine.Tokenization.Merging;

/// <summary>What one call of Encode works with: the ids so far and the memory for merging.</summary>
internal sealed class EncodingJob
{
    /// <summary>The ids so far.</summary>
    public List<int> Ids { get; } = [];

    /// <summary>Merges one word after the other.</summary>
    public MergeEngine Engine { get; } = new();
}
