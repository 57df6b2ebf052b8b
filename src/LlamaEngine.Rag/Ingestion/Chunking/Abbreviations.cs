using System.Collections.Frozen;

namespace LlamaEngine.Rag;

/// <summary>What is written with a full stop that does not end a sentence, without that stop. English, and what is common to European languages.</summary>
internal static class Abbreviations
{
    /// <summary>Something always follows these.</summary>
    private static readonly FrozenSet<string> Prefixes = Set(
        "Mr Mrs Ms Dr Prof St Mt Ft Gen Col Maj Capt Cmdr Lt Sgt Rev Fr Hon Gov Sen Rep Pres Messrs Mme Mlle Drs Hr Fig Figs Eq Eqs " +
        "e.g i.e E.g I.e eg ie cf Cf viz vs v ca c approx resp incl excl esp");

    /// <summary>A number follows these; else they are words.</summary>
    private static readonly FrozenSet<string> BeforeNumbers = Set(
        "No Nos no nos Nr nr Vol vol Vols vols Ch ch Sec sec Art art p pp P Pp fig figs eq eqs para Para app App Bd S ed Ed tel Tel ext Ext");

    /// <summary>A sentence may end with these.</summary>
    private static readonly FrozenSet<string> Anywhere = Set(
        "Inc Ltd Co Corp Jr Sr Bros al Ph.D M.Sc B.Sc Ave Blvd Rd Dept dept Govt govt Univ Assn Est est Jan Feb Mar Apr Aug Sep Sept Oct Nov Dec " +
        "Mon Tue Tues Wed Thu Thur Thurs Fri max min avg repr");

    /// <summary>A sentence ends with these where a capital follows.</summary>
    private static readonly FrozenSet<string> BeforeCapitals = Set("etc a.m p.m A.M P.M b.c a.d usw");

    /// <summary>Words that, with a capital, begin a sentence and not a name.</summary>
    private static readonly FrozenSet<string> Starters = Set(
        "The This That These Those It Its He She They We You I A An In On At If When While After Before But And Or So Then There Here However For From " +
        "By As With Since Because Although Though Both Each Every All Some Most Many No Not His Her Their Our Your My What Who Where Why How Today Now " +
        "Only Once During To Let Such Until Under Over Between Another Other Either Neither Nobody Nothing Everyone Everything");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Numbers = Lookup(BeforeNumbers), Titles = Lookup(Prefixes),
        Endings = Lookup(Anywhere), Times = Lookup(BeforeCapitals), First = Lookup(Starters);

    /// <summary>Whether a word with a stop behind it is an abbreviation that is none without.</summary>
    public static bool Contains(ReadOnlySpan<char> word) => Titles.Contains(word) || Endings.Contains(word) || Times.Contains(word);

    /// <summary>Whether the sentence goes on after a word and its full stop.</summary>
    /// <param name="word">What stands before the stop.</param>
    /// <param name="next">The word after it, without quotes or brackets before it.</param>
    /// <param name="first">What stands after it, be it a quote or a bracket; no lower-case letter.</param>
    /// <param name="opensSentence">Nothing stands before the word.</param>
    public static bool GoOn(ReadOnlySpan<char> word, ReadOnlySpan<char> next, char first, bool opensSentence)
    {
        bool number = next.Length > 0 && char.IsDigit(next[0]);
        if (Titles.Contains(word))
            return true;
        if (Numbers.Contains(word) && number)
            return true;
        if (Times.Contains(word))
            return !char.IsUpper(first) && number;
        if (Endings.Contains(word))
            return !First.Contains(next) && (number || char.IsUpper(first));
        if (IsInitial(word))
            return !number && (opensSentence || !First.Contains(next));
        return IsAcronym(word) && !First.Contains(next);
    }

    /// <summary>"J", but not the pronoun.</summary>
    private static bool IsInitial(ReadOnlySpan<char> word) => word.Length == 1 && char.IsUpper(word[0]) && word[0] != 'I';

    /// <summary>"U.S", "J.R".</summary>
    private static bool IsAcronym(ReadOnlySpan<char> word)
    {
        if (word.Length is < 3 or > 9 || word.Length % 2 == 0)
            return false;
        for (int i = 0; i < word.Length; i++)
        {
            if (i % 2 == 0 ? !char.IsLetter(word[i]) : word[i] != '.')
                return false;
        }
        return true;
    }

    private static FrozenSet<string> Set(string words) => words.Split(' ').ToFrozenSet(StringComparer.Ordinal);

    private static FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Lookup(FrozenSet<string> set) => set.GetAlternateLookup<ReadOnlySpan<char>>();
}
