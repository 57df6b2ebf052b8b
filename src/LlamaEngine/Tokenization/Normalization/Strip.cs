using System.Buffers;
using System.Text;

namespace LlamaEngine.Tokenization.Normalization;

/// <summary>Removes white space at the ends of a text.</summary>
internal sealed class Strip(bool left, bool right) : TextNormalizer
{
    /// <inheritdoc/>
    public override double Growth => 1;

    /// <inheritdoc/>
    public override void Apply(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        while (left && Rune.DecodeFromUtf8(text, out Rune first, out int length) == OperationStatus.Done && Rune.IsWhiteSpace(first))
            text = text[length..];
        while (right && Rune.DecodeLastFromUtf8(text, out Rune last, out int length) == OperationStatus.Done && Rune.IsWhiteSpace(last))
            text = text[..^length];
        output.Write(text);
    }
}
