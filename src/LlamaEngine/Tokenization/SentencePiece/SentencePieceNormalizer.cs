using System.Buffers;
using LlamaEngine.Tokenization.Splitting;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.SentencePiece;

/// <summary>Rewrites text as SentencePiece does before it looks for pieces.</summary>
/// <param name="verbatim">Pieces that are kept as they stand.</param>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class SentencePieceNormalizer(SentencePieceModel model, ByteTrie verbatim)
{
    private ReadOnlySpan<byte> Space => model.EscapesSpaces ? SpaceSignWords.Sign : " "u8;

    /// <summary>Appends the rewritten text; of an empty text nothing comes.</summary>
    /// <param name="text">Valid UTF-8.</param>
    public void Normalize(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        if (model.RemovesExtraSpaces)
            text = WithoutLeadingSpaces(text);
        if (text.IsEmpty)
            return;
        int start = output.WrittenCount;
        if (model.AddsDummyPrefix && !model.PutsSpaceBehind)
            output.Write(Space);
        if (model.RemovesExtraSpaces || model.CharsMap is not null)
            WriteRewritten(text, output);
        else
            WriteEscaped(text, output);
        int end = model.RemovesExtraSpaces ? EndWithoutSpaces(output.WrittenSpan[start..]) + start : output.WrittenCount;
        Truncate(output, end);
        if (model.AddsDummyPrefix && model.PutsSpaceBehind)
            output.Write(Space);
    }

    private ReadOnlySpan<byte> WithoutLeadingSpaces(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty && NextRewritten(text, out int length) is [(byte)' '])
            text = text[length..];
        return text;
    }

    private void WriteRewritten(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        bool afterSpace = model.RemovesExtraSpaces;
        while (!text.IsEmpty)
        {
            ReadOnlySpan<byte> next = NextRewritten(text, out int length);
            if (afterSpace)
                next = next.TrimStart((byte)' ');
            if (!next.IsEmpty)
            {
                WriteEscaped(next, output);
                afterSpace = model.RemovesExtraSpaces && next[^1] == ' ';
            }
            text = text[length..];
        }
    }

    // The next characters after rewriting, and how many bytes they were before.
    private ReadOnlySpan<byte> NextRewritten(ReadOnlySpan<byte> text, out int length)
    {
        if (verbatim.TryMatchPrefix(text, out length, out _))
            return text[..length];
        if (model.CharsMap is { } map && map.TryMatchPrefix(text, out length, out ReadOnlySpan<byte> replacement))
            return replacement;
        CodePointClasses.Decode(text, 0, out length);
        return text[..length];
    }

    private void WriteEscaped(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        if (!model.EscapesSpaces)
        {
            output.Write(text);
            return;
        }
        for (int space = text.IndexOf((byte)' '); space >= 0; space = text.IndexOf((byte)' '))
        {
            output.Write(text[..space]);
            output.Write(SpaceSignWords.Sign);
            text = text[(space + 1)..];
        }
        output.Write(text);
    }

    private int EndWithoutSpaces(ReadOnlySpan<byte> text)
    {
        while (text.EndsWith(Space))
            text = text[..^Space.Length];
        return text.Length;
    }

    private static void Truncate(ArrayBufferWriter<byte> output, int length)
    {
        if (length == output.WrittenCount)
            return;
        byte[] kept = output.WrittenSpan[..length].ToArray();
        output.ResetWrittenCount();
        output.Write(kept);
    }
}
