using System.Globalization;
using System.Text;

namespace LlamaEngine.Tokenization.Splitting;

/// <summary>What the split patterns tell apart.</summary>
internal enum CodePointClass : byte
{
    /// <summary>None of the others: punctuation, symbols, marks, controls, unassigned.</summary>
    Other,

    /// <summary><c>\p{L}</c></summary>
    Letter,

    /// <summary><c>\p{N}</c></summary>
    Number,

    /// <summary><c>\s</c> without the line breaks of <see cref="LineBreak"/>.</summary>
    Space,

    /// <summary>Carriage return or line feed, which are <c>\s</c> too.</summary>
    LineBreak,
}

/// <summary>Classes of code points as Oniguruma and the Rust regex crate define them in Unicode mode.</summary>
internal static class CodePointClasses
{
    // .NET 10's tables are of Unicode 16, as are those of Oniguruma 6.9.10: compared code point by code point.
    private static readonly CodePointClass[] s_basicPlane = [.. Enumerable.Range(0, 0x10000).Select(Classify)];

    /// <summary>The class of the character that starts at <paramref name="index"/> of valid UTF-8.</summary>
    /// <param name="length">Its length in bytes.</param>
    public static CodePointClass At(ReadOnlySpan<byte> text, int index, out int length)
    {
        byte first = text[index];
        if (first < 0x80)
        {
            length = 1;
            return s_basicPlane[first];
        }
        int codePoint = Decode(text, index, out length);
        return codePoint < 0x10000 ? s_basicPlane[codePoint] : Classify(codePoint);
    }

    /// <summary>The code point that starts at <paramref name="index"/> of valid UTF-8.</summary>
    public static int Decode(ReadOnlySpan<byte> text, int index, out int length)
    {
        byte first = text[index];
        switch (first)
        {
            case < 0x80:
                length = 1;
                return first;
            case < 0xE0:
                length = 2;
                return (first & 0x1F) << 6 | text[index + 1] & 0x3F;
            case < 0xF0:
                length = 3;
                return (first & 0x0F) << 12 | (text[index + 1] & 0x3F) << 6 | text[index + 2] & 0x3F;
            default:
                length = 4;
                return (first & 0x07) << 18 | (text[index + 1] & 0x3F) << 12 | (text[index + 2] & 0x3F) << 6 | text[index + 3] & 0x3F;
        }
    }

    /// <summary><c>\s</c>: Unicode's White_Space.</summary>
    public static bool IsWhiteSpace(int codePoint) => Rune.IsValid(codePoint) && Rune.IsWhiteSpace(new Rune(codePoint));

    private static CodePointClass Classify(int codePoint) => codePoint switch
    {
        '\r' or '\n' => CodePointClass.LineBreak,
        _ when IsWhiteSpace(codePoint) => CodePointClass.Space,
        _ => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
        {
            <= UnicodeCategory.OtherLetter => CodePointClass.Letter,
            >= UnicodeCategory.DecimalDigitNumber and <= UnicodeCategory.OtherNumber => CodePointClass.Number,
            _ => CodePointClass.Other,
        },
    };
}
