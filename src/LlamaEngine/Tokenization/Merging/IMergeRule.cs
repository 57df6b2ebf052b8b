namespace LlamaEngine.Tokenization.Merging;

/// <summary>Says which neighbours may merge, and which first. A struct, so that the merge loop is compiled for each rule.</summary>
internal interface IMergeRule
{
    /// <summary>Looks up the merge of two neighbours.</summary>
    /// <param name="word">The bytes that the symbols point into.</param>
    /// <param name="rank">The smallest rank merges first; among equals the leftmost.</param>
    /// <param name="id">The token that results.</param>
    bool TryMerge(ReadOnlySpan<byte> word, in Symbol left, in Symbol right, out uint rank, out int id);
}
