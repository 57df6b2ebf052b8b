using System.Buffers;
using System.Text.Unicode;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Decoding;

/// <summary>How the decoder of a tokenizer.json that is not byte-level joins tokens.</summary>
internal sealed record PieceRules
{
    /// <summary>What every token says inside a sequence; one byte for a byte token.</summary>
    public required TokenBytes Bytes { get; init; }

    /// <summary>What a token says at the start of a sequence, where that differs (Metaspace); null: the same.</summary>
    public TokenBytes? FirstBytes { get; init; }

    /// <summary>The tokens that stand for a byte (ByteFallback).</summary>
    public required bool[] IsByte { get; init; }

    /// <summary>Stands between tokens: a space where the file names no decoder.</summary>
    public byte[] Separator { get; init; } = [];

    /// <summary>The character to remove from the start of the whole text.</summary>
    public byte[] StripContent { get; init; } = [];

    /// <summary>How often <see cref="StripContent"/> is removed at most.</summary>
    public int StripCount { get; init; }
}

/// <summary>Joins whole tokens; a run of byte tokens becomes text when it ends.</summary>
/// <remarks>
/// Hugging Face's ByteFallback turns every byte of a run into U+FFFD if the run is not valid UTF-8 as a whole, so nothing of a
/// run can be handed out before it is over.
/// </remarks>
/// <param name="skip">Tells the ids to leave out; null: none.</param>
internal sealed class PieceJoiner(PieceRules rules, Predicate<int>? skip) : TextJoiner
{
    private readonly ArrayBufferWriter<byte> _run = new();
    private bool _started;
    private int _stripLeft = rules.StripCount;

    /// <inheritdoc/>
    public override void Append(int id, ArrayBufferWriter<byte> output)
    {
        ReadOnlySpan<byte> bytes = rules.Bytes[id];
        if (skip?.Invoke(id) == true)
            return;
        if (rules.IsByte[id])
        {
            _run.Write(bytes);
        }
        else
        {
            EndRun(output);
            if (_started)
                Write(rules.Separator, output);
            Write(!_started && rules.FirstBytes is { } first ? first[id] : bytes, output);
        }
        _started = true;
    }

    /// <inheritdoc/>
    public override void Flush(ArrayBufferWriter<byte> output)
    {
        EndRun(output);
        _started = false;
        _stripLeft = rules.StripCount;
    }

    private void EndRun(ArrayBufferWriter<byte> output)
    {
        if (_run.WrittenCount == 0)
            return;
        if (Utf8.IsValid(_run.WrittenSpan))
            Write(_run.WrittenSpan, output);
        else
            WriteReplacements(_run.WrittenCount, output);
        _run.ResetWrittenCount();
    }

    private void WriteReplacements(int count, ArrayBufferWriter<byte> output)
    {
        for (int i = 0; i < count; i++)
            Write("\uFFFD"u8, output);
    }

    private void Write(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        while (_stripLeft > 0 && text.Length > 0)
        {
            bool strips = text.StartsWith(rules.StripContent);
            _stripLeft = strips ? _stripLeft - 1 : 0;
            text = strips ? text[rules.StripContent.Length..] : text;
        }
        output.Write(text);
    }
}
