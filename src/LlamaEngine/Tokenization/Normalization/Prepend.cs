using System.Buffers;

namespace LlamaEngine.Tokenization.Normalization;

/// <summary>Puts a text in front of every text that is not empty.</summary>
internal sealed class Prepend(byte[] prefix) : TextNormalizer
{
    /// <inheritdoc/>
    public override double Growth => 1;

    /// <inheritdoc/>
    public override void Apply(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        if (!text.IsEmpty)
            output.Write(prefix);
        output.Write(text);
    }
}
