namespace LlamaEngine.Tokenization.Splitting;

/// <summary>A pattern that finds pieces in text, as a regular expression does.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal abstract class SplitPattern
{
    /// <summary>Length in bytes that every match has at least.</summary>
    public virtual int ShortestMatch => 1;

    /// <summary>Finds the first match that starts at <paramref name="from"/> or later.</summary>
    /// <param name="text">Valid UTF-8; look-ahead sees its end as the end of all text.</param>
    /// <param name="from">Where to begin; the start of a character.</param>
    /// <param name="start">Where the match starts.</param>
    /// <param name="end">Where it ends; behind <paramref name="start"/>.</param>
    public abstract bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end);
}
