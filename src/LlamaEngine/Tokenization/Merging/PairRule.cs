namespace LlamaEngine.Tokenization.Merging;

/// <summary>Merges by a list of pairs, as byte-pair encoding was trained.</summary>
internal readonly struct PairRule(PairRanks pairs) : IMergeRule
{
    /// <inheritdoc/>
    public bool TryMerge(ReadOnlySpan<byte> word, in Symbol left, in Symbol right, out uint rank, out int id) =>
        pairs.TryGet(left.Id, right.Id, out rank, out id);
}
