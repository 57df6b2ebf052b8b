namespace LlamaEngine.Tokenization.Splitting;

/// <summary>The split pattern of Llama 3 (numbers in groups of three) and of Qwen 2 (digit by digit).</summary>
/// <remarks>
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>,
/// with <c>\p{N}</c> in place of <c>\p{N}{1,3}</c> for Qwen 2.
/// </remarks>
/// <param name="digitsTogether">How many digits make a piece at most.</param>
internal sealed class WordPattern(int digitsTogether) : TilingPattern
{
    /// <summary>Llama 3's pattern as files write it.</summary>
    public const string Llama3Text =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>Qwen 2's pattern as files write it.</summary>
    public const string Qwen2Text =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <inheritdoc/>
    protected override int EndOfMatch(ReadOnlySpan<byte> text, int start)
    {
        if (Contraction(text, start, ignoreCase: true) is var contraction and > 0)
            return start + contraction;
        CodePointClass kind = CodePointClasses.At(text, start, out int length);
        int second = start + length;
        if (kind == CodePointClass.Letter)
            return Skip(text, second, CodePointClass.Letter);
        if (kind == CodePointClass.Number)
            return EndOfNumber(text, second);
        CodePointClass next = second < text.Length ? CodePointClasses.At(text, second, out _) : CodePointClass.Space;
        if (kind != CodePointClass.LineBreak && next == CodePointClass.Letter)
            return Skip(text, second, CodePointClass.Letter);
        if (kind == CodePointClass.Other || (text[start] == ' ' && next == CodePointClass.Other))
            return Skip(text, Skip(text, second, CodePointClass.Other), CodePointClass.LineBreak);
        return EndOfWhiteSpace(text, start);
    }

    private int EndOfNumber(ReadOnlySpan<byte> text, int second)
    {
        int end = second;
        for (int digits = 1; digits < digitsTogether && end < text.Length; digits++)
        {
            if (CodePointClasses.At(text, end, out int length) != CodePointClass.Number)
                break;
            end += length;
        }
        return end;
    }

    // A run of white space belongs together up to its last line break.
    private static int EndOfWhiteSpace(ReadOnlySpan<byte> text, int start)
    {
        int last = start;
        int end = start;
        int behindBreak = start;
        while (end < text.Length && CodePointClasses.At(text, end, out int length) is var kind and >= CodePointClass.Space)
        {
            last = end;
            end += length;
            if (kind == CodePointClass.LineBreak)
                behindBreak = end;
        }
        return behindBreak > start ? behindBreak : EndOfSpaces(text, start, last, end);
    }
}
