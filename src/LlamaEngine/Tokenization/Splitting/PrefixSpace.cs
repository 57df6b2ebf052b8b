using System.Buffers;

namespace LlamaEngine.Tokenization.Splitting;

/// <summary>Puts a space before a text that does not start with one (<c>add_prefix_space</c> of ByteLevel).</summary>
internal sealed class PrefixSpace : PreTokenizer
{
    /// <inheritdoc/>
    public override void Split(ReadOnlySpan<byte> text, bool atStart, PieceSink pieces)
    {
        if (text[0] == ' ')
        {
            pieces.Accept(text, atStart);
            return;
        }
        byte[] buffer = ArrayPool<byte>.Shared.Rent(text.Length + 1);
        buffer[0] = (byte)' ';
        text.CopyTo(buffer.AsSpan(1));
        pieces.Accept(buffer.AsSpan(0, text.Length + 1), atStart);
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
