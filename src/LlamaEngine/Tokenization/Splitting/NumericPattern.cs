namespace LlamaEngine.Tokenization.Splitting;

/// <summary>One numeric character, as Rust's <c>char::is_numeric</c> has it.</summary>
internal sealed class NumericPattern : SplitPattern
{
    /// <inheritdoc/>
    public override bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        for (start = from; start < text.Length; start = end)
        {
            CodePointClass kind = CodePointClasses.At(text, start, out int length);
            end = start + length;
            if (kind == CodePointClass.Number || (length == 4 && IsNewNumber(text, start)))
                return true;
        }
        end = start;
        return false;
    }

    // Tolong Siki digits and three Chinese small numbers came with Unicode 17, whose tables Rust has and .NET 10 has not.
    private static bool IsNewNumber(ReadOnlySpan<byte> text, int start) =>
        CodePointClasses.Decode(text, start, out _) is (>= 0x11DE0 and <= 0x11DE9) or (>= 0x16FF4 and <= 0x16FF6);
}
