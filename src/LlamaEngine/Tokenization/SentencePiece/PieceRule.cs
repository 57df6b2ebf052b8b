using LlamaEngine.Tokenization.Merging;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>Merges any two neighbours that together are a piece, the piece with the highest score first.</summary>
/// <param name="pieces">The pieces that merging may give, by their text.</param>
/// <param name="ranks">The ranks of their scores, by id.</param>
/// <param name="cuts">Notes how unused pieces came about; null if the model has none.</param>
internal readonly struct PieceRule(TokenTable pieces, uint[] ranks, UnusedPieceCuts? cuts) : IMergeRule
{
    /// <inheritdoc/>
    public bool TryMerge(ReadOnlySpan<byte> word, in Symbol left, in Symbol right, out uint rank, out int id)
    {
        rank = uint.MaxValue;
        if (!pieces.TryGet(word.Slice(left.Start, left.Length + right.Length), out id))
            return false;
        rank = ranks[id];
        cuts?.Note(id, left.Length);
        return true;
    }
}
