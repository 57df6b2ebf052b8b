using System.Globalization;
using System.Text;

namespace LlamaEngine.Tokenization.Vocabularies;

/// <summary><c>\w</c> as Unicode Technical Standard 18 defines it: alphabetic, marks, decimal digits, connectors, joiners.</summary>
internal static class WordCharacters
{
    /// <summary>Whether a character belongs to a word.</summary>
    public static bool Contains(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        <= UnicodeCategory.LetterNumber => true,
        UnicodeCategory.ConnectorPunctuation => true,
        UnicodeCategory.OtherSymbol => IsCircledLetter(rune.Value),
        _ => rune.Value is 0x200C or 0x200D,
    };

    // The symbols that Unicode lists as Other_Alphabetic.
    private static bool IsCircledLetter(int codePoint) => codePoint
        is (>= 0x24B6 and <= 0x24E9)
        or (>= 0x1F130 and <= 0x1F149)
        or (>= 0x1F150 and <= 0x1F169)
        or (>= 0x1F170 and <= 0x1F189);
}
