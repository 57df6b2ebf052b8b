using System.Globalization;
using System.Text;
using LlamaEngine.Tokenization.Vocabularies;

namespace LlamaEngine.Tokenization.Splitting.Regex;

/// <summary>A set of code points: a character class of a regular expression.</summary>
/// <remarks>Filled while a pattern is parsed; unchanged and thread-safe after <see cref="Freeze"/>.</remarks>
internal sealed class CharacterSet
{
    private readonly List<Predicate<int>> _members = [];
    private readonly bool[] _ascii = new bool[128];
    private bool _isNegated;
    private bool _ignoresCase;

    /// <summary>Adds code points.</summary>
    public void AddRange(int first, int last) => _members.Add(codePoint => codePoint >= first && codePoint <= last);

    /// <summary>Adds what is in a set, or what is not.</summary>
    public void Add(Predicate<int> set, bool negated) => _members.Add(negated ? codePoint => !set(codePoint) : set);

    /// <summary>Makes ready for use.</summary>
    /// <param name="negated">The set has what was not added.</param>
    public CharacterSet Freeze(bool negated, bool ignoresCase)
    {
        (_isNegated, _ignoresCase) = (negated, ignoresCase);
        for (int codePoint = 0; codePoint < 128; codePoint++)
            _ascii[codePoint] = Test(codePoint);
        return this;
    }

    /// <summary>Whether a code point is in the set.</summary>
    public bool Contains(int codePoint) => codePoint < 128 ? _ascii[codePoint] : Test(codePoint);

    /// <summary>Unicode's general categories whose abbreviation starts with <paramref name="name"/>; null if there are none.</summary>
    public static Predicate<int>? Property(string name)
    {
        uint categories = 0;
        for (int i = 0; i < s_categories.Length; i++)
        {
            if (name.Length is 1 or 2 && s_categories[i].StartsWith(name, StringComparison.Ordinal))
                categories |= 1u << i;
        }
        return categories == 0 ? null : codePoint => (categories >> (int)CharUnicodeInfo.GetUnicodeCategory(codePoint) & 1) != 0;
    }

    /// <summary><c>\w</c> as Oniguruma has it: with Latin-1's superscripts and fractions, without the joiners.</summary>
    public static bool IsWord(int codePoint) => codePoint switch
    {
        0xB2 or 0xB3 or 0xB9 or (>= 0xBC and <= 0xBE) => true,
        0x200C or 0x200D => false,
        _ => Rune.IsValid(codePoint) && WordCharacters.Contains(new Rune(codePoint)),
    };

    /// <summary><c>\d</c></summary>
    public static bool IsDigit(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) == UnicodeCategory.DecimalDigitNumber;

    private bool Test(int codePoint) => _isNegated != (IsMember(codePoint) || (_ignoresCase && IsMemberInAnotherCase(codePoint)));

    private bool IsMember(int codePoint)
    {
        foreach (Predicate<int> member in _members)
        {
            if (member(codePoint))
                return true;
        }
        return false;
    }

    // ſ has the upper case S and so counts as an s, as simple case folding has it.
    private bool IsMemberInAnotherCase(int codePoint)
    {
        if (!Rune.IsValid(codePoint))
            return false;
        Rune upper = Rune.ToUpperInvariant(new Rune(codePoint));
        return IsMember(upper.Value) || IsMember(Rune.ToLowerInvariant(upper).Value);
    }

    // In the order of UnicodeCategory.
    private static readonly string[] s_categories =
    [
        "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co",
        "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sm", "Sc", "Sk", "So", "Cn",
    ];
}
