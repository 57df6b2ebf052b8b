namespace LlamaEngine.Tokenization.Splitting;

/// <summary>A fixed text.</summary>
/// <param name="literal">The text in UTF-8; not empty.</param>
internal sealed class LiteralPattern(byte[] literal) : SplitPattern
{
    /// <inheritdoc/>
    public override int ShortestMatch => literal.Length;

    /// <inheritdoc/>
    public override bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        int offset = text[from..].IndexOf(literal);
        (start, end) = offset < 0 ? (text.Length, text.Length) : (from + offset, from + offset + literal.Length);
        return offset >= 0;
    }
}
