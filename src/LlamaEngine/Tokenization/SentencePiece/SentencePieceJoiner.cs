using System.Buffers;
using System.Text;
using LlamaEngine.Tokenization.Decoding;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>
/// Joins pieces as SentencePiece does: the dummy prefix goes, and of a run of byte pieces every byte that is not part of a
/// character gives one U+FFFD.
/// </summary>
/// <param name="bytes">What each piece says; nothing for control pieces.</param>
/// <param name="skipsUnknown">Unknown pieces say nothing.</param>
internal sealed class SentencePieceJoiner(SentencePieceModel model, TokenBytes bytes, bool skipsUnknown) : TextJoiner
{
    private readonly byte[] _incomplete = new byte[4];
    private int _incompleteLength;
    private bool _hasText;
    private bool _sawPrefix;
    private bool _mayStartWithPrefix = true;

    /// <inheritdoc/>
    public override void Append(int id, ArrayBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> piece = bytes[id];
        TokenKind kind = model.Vocabulary.Kind(id);
        if (kind == TokenKind.Byte)
        {
            AppendByte(piece, output);
            return;
        }
        EndRun(output);
        // Once there is text or the prefix went, a leading space is a real one.
        _mayStartWithPrefix &= !_sawPrefix && !_hasText;
        _sawPrefix = false;
        if (kind == TokenKind.Unknown)
            Write(skipsUnknown ? [] : piece, output);
        else if (kind != TokenKind.Control)
            AppendText(piece, startsWithSign: model.Vocabulary.Text(id) is ['\u2581', ..], output);
    }

    /// <inheritdoc/>
    public override void Flush(ArrayBufferWriter<byte> output)
    {
        EndRun(output);
        (_hasText, _sawPrefix, _mayStartWithPrefix) = (false, false, true);
    }

    private void AppendText(ReadOnlySpan<byte> piece, bool startsWithSign, ArrayBufferWriter<byte> output)
    {
        bool dropsPrefix = model.AddsDummyPrefix || model.RemovesExtraSpaces;
        if (_mayStartWithPrefix && dropsPrefix && startsWithSign)
        {
            piece = piece[1..];
            // Where extra spaces are removed all leading ones go, so the next piece may still lose one.
            _sawPrefix = !model.RemovesExtraSpaces;
        }
        Write(piece, output);
    }

    private void AppendByte(ReadOnlySpan<byte> piece, ArrayBufferWriter<byte> output)
    {
        _incomplete[_incompleteLength++] = piece[0];
        while (_incompleteLength > 0)
        {
            OperationStatus status = Rune.DecodeFromUtf8(_incomplete.AsSpan(0, _incompleteLength), out _, out int length);
            if (status == OperationStatus.NeedMoreData)
                return;
            if (status == OperationStatus.Done)
                TakeBytes(length, _incomplete.AsSpan(0, length), output);
            else
                TakeBytes(1, "\uFFFD"u8, output);
        }
    }

    private void TakeBytes(int count, ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        Write(text, output);
        _incompleteLength -= count;
        _incomplete.AsSpan(count, _incompleteLength).CopyTo(_incomplete);
    }

    private void EndRun(ArrayBufferWriter<byte> output)
    {
        while (_incompleteLength > 0)
            TakeBytes(1, "\uFFFD"u8, output);
    }

    private void Write(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        output.Write(text);
        _hasText |= text.Length > 0;
    }
}
