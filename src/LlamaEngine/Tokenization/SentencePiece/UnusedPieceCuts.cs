namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>
/// Remembers where the two halves of an unused piece met. Such a piece may come about while merging, but is cut again in the
/// end. Belongs to one call of Encode.
/// </summary>
/// <param name="isUnused">The unused pieces, by id.</param>
internal sealed class UnusedPieceCuts(bool[] isUnused)
{
    private readonly Dictionary<int, int> _leftLengths = [];

    /// <summary>Notes that a piece may come about.</summary>
    public void Note(int id, int leftLength)
    {
        if (isUnused[id])
            _leftLengths[id] = leftLength;
    }

    /// <summary>Finds the length of the left half of an unused piece.</summary>
    public bool TryGet(int id, out int leftLength) => _leftLengths.TryGetValue(id, out leftLength) && isUnused[id];
}
