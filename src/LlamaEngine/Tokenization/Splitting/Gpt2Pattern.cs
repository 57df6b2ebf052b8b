namespace LlamaEngine.Tokenization.Splitting;

/// <summary>The split pattern of GPT-2, which byte-level pre-tokenizers use unless told otherwise.</summary>
/// <remarks><c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c></remarks>
internal sealed class Gpt2Pattern : TilingPattern
{
    /// <summary>The pattern as files write it.</summary>
    public const string Text = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <inheritdoc/>
    protected override int EndOfMatch(ReadOnlySpan<byte> text, int start)
    {
        if (Contraction(text, start, ignoreCase: false) is var contraction and > 0)
            return start + contraction;
        int word = text[start] == ' ' && start + 1 < text.Length ? start + 1 : start;
        CodePointClass kind = CodePointClasses.At(text, word, out int length);
        return kind < CodePointClass.Space
            ? Skip(text, word + length, kind)
            : EndOfWhiteSpace(text, start);
    }

    private static int EndOfWhiteSpace(ReadOnlySpan<byte> text, int start)
    {
        int last = start;
        int end = start;
        while (end < text.Length && CodePointClasses.At(text, end, out int length) >= CodePointClass.Space)
        {
            last = end;
            end += length;
        }
        return EndOfSpaces(text, start, last, end);
    }
}
