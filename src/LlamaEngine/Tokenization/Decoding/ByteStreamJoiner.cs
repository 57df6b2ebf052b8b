using System.Buffers;
using System.Text;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Decoding;

/// <summary>
/// For byte-level tokenizers: all tokens together are one stream of UTF-8, and a character may begin in one token and end in
/// another. Each longest piece of broken UTF-8 gives one U+FFFD, as in Rust's and the WHATWG's decoders.
/// </summary>
/// <param name="skip">Tells the ids to leave out; null: none.</param>
internal sealed class ByteStreamJoiner(TokenBytes bytes, Predicate<int>? skip) : TextJoiner
{
    private readonly byte[] _incomplete = new byte[4];
    private int _incompleteLength;

    /// <inheritdoc/>
    public override void Append(int id, ArrayBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> token = bytes[id];
        if (skip?.Invoke(id) == true)
            return;
        while (_incompleteLength > 0 && token.Length > 0)
            CompleteCharacter(ref token, output);
        WriteCharacters(token, output);
    }

    /// <inheritdoc/>
    public override void Flush(ArrayBufferWriter<byte> output)
    {
        if (_incompleteLength > 0)
            output.Write("\uFFFD"u8);
        _incompleteLength = 0;
    }

    // Adds one byte to the character that the last token left incomplete.
    private void CompleteCharacter(ref ReadOnlySpan<byte> token, ArrayBufferWriter<byte> output)
    {
        _incomplete[_incompleteLength++] = token[0];
        switch (Rune.DecodeFromUtf8(_incomplete.AsSpan(0, _incompleteLength), out Rune rune, out int length))
        {
            case OperationStatus.NeedMoreData:
                token = token[1..];
                return;
            case OperationStatus.Done:
                token = token[1..];
                break;
            default:
                // The new byte does not belong to the character: it stays in the token and begins another one.
                break;
        }
        output.Advance(rune.EncodeToUtf8(output.GetSpan(4)));
        _incompleteLength = 0;
    }

    private void WriteCharacters(ReadOnlySpan<byte> token, ArrayBufferWriter<byte> output)
    {
        while (token.Length > 0)
        {
            OperationStatus status = Rune.DecodeFromUtf8(token, out Rune rune, out int length);
            if (status == OperationStatus.NeedMoreData)
            {
                token.CopyTo(_incomplete);
                _incompleteLength = token.Length;
                return;
            }
            output.Advance(rune.EncodeToUtf8(output.GetSpan(4)));
            token = token[length..];
        }
    }
}
