namespace LlamaEngine.Tokenization.Merging;

/// <summary>
/// Remembers which tokens come out of merging their own text. A word that is such a token needs no merging, and most words are.
/// </summary>
/// <remarks>Thread-safe: threads that ask for the same token at once find the same answer.</remarks>
internal sealed class CanonicalTokens(int count)
{
    private const byte Yes = 1;
    private const byte No = 2;

    private readonly byte[] _answers = new byte[count];

    /// <summary>Looks the answer up; null if nobody has asked before.</summary>
    public bool? this[int id]
    {
        get => _answers[id] switch { Yes => true, No => false, _ => null };
        set => _answers[id] = value == true ? Yes : No;
    }
}
