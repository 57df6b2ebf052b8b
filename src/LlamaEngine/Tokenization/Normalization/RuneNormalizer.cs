using System.Buffers;
using System.Globalization;
using System.Text;

namespace LlamaEngine.Tokenization.Normalization;

/// <summary>Rewrites text character by character.</summary>
internal abstract class RuneNormalizer : TextNormalizer
{
    /// <inheritdoc/>
    public sealed override void Apply(ReadOnlySpan<byte> text, ArrayBufferWriter<byte> output)
    {
        while (Rune.DecodeFromUtf8(text, out Rune rune, out int length) == OperationStatus.Done)
        {
            Apply(rune, output);
            text = text[length..];
        }
    }

    /// <summary>Appends what a character becomes.</summary>
    protected abstract void Apply(Rune rune, ArrayBufferWriter<byte> output);

    /// <summary>Appends a character.</summary>
    protected static void Write(Rune rune, ArrayBufferWriter<byte> output) => output.Advance(rune.EncodeToUtf8(output.GetSpan(4)));
}

/// <summary>Makes letters small, each by itself (no rule for a final sigma).</summary>
internal sealed class Lowercase : RuneNormalizer
{
    /// <inheritdoc/>
    protected override void Apply(Rune rune, ArrayBufferWriter<byte> output)
    {
        // İ is the only letter whose small form has two characters.
        if (rune.Value == 'İ')
            output.Write("i\u0307"u8);
        else
            Write(Rune.ToLowerInvariant(rune), output);
    }
}

/// <summary>Removes combining marks.</summary>
internal sealed class StripAccents : RuneNormalizer
{
    /// <inheritdoc/>
    protected override void Apply(Rune rune, ArrayBufferWriter<byte> output)
    {
        bool isMark = Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;
        if (!isMark)
            Write(rune, output);
    }
}
