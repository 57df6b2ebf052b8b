using System.Buffers;
using LlamaEngine.Tokenization.Splitting;

namespace LlamaEngine.Tokenization.Normalization;

/// <summary>Replaces every match of a pattern.</summary>
internal sealed class Replace(SplitPattern pattern, byte[] replacement) : TextNormalizer
{
    /// <inheritdoc/>
    public override double Growth => Math.Max(1, (double)replacement.Length / pattern.ShortestMatch);

    /// <inheritdoc/>
    public override void Apply(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        int done = 0;
        while (done < text.Length && pattern.TryFind(text, done, out int start, out int end))
        {
            output.Write(text[done..start]);
            output.Write(replacement);
            done = end;
        }
        output.Write(text[done..]);
    }
}
