using System.Buffers;

namespace LlamaEngine.Tokenization.Splitting;

/// <summary>Which texts get a leading ▁.</summary>
internal enum PrependScheme
{
    /// <summary>Every text.</summary>
    Always,

    /// <summary>The text at the start of the input only.</summary>
    First,

    /// <summary>None.</summary>
    Never,
}

/// <summary>Writes spaces as ▁ and may put one in front, the way of SentencePiece.</summary>
/// <param name="replacement">The sign for a space, in UTF-8.</param>
internal sealed class Metaspace(byte[] replacement, PrependScheme scheme) : PreTokenizer
{
    /// <inheritdoc/>
    public override void Split(ReadOnlySpan<byte> text, bool atStart, PieceSink pieces)
    {
        var buffer = new ArrayBufferWriter<byte>(text.Length + text.Count((byte)' ') * replacement.Length + replacement.Length);
        bool wanted = scheme == PrependScheme.Always || (scheme == PrependScheme.First && atStart);
        if (wanted && text[0] != ' ' && !text.StartsWith(replacement))
            buffer.Write(replacement);
        foreach (Range part in text.Split((byte)' '))
        {
            if (part.Start.Value > 0)
                buffer.Write(replacement);
            buffer.Write(text[part]);
        }
        pieces.Accept(buffer.WrittenSpan, atStart);
    }
}
