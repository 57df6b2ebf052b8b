using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace LlamaEngine.Rag;

/// <summary>What kind of answer an English question asks for, and whether a sentence has one: a sentence without any number does not say how many.</summary>
/// <remarks>After the answer types of early question answering (Li and Roth, COLING 2002), as few as can be told by the question's first words.</remarks>
internal static partial class ExpectedAnswer
{
    private static readonly FrozenSet<string> s_numbers = Words(
        "no none nobody nothing half once twice both one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
        + "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million millions dozen dozens single double every each free first second third");

    private static readonly FrozenSet<string> s_times = Words(
        "january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday mondays tuesdays "
        + "wednesdays thursdays fridays saturdays sundays weekday weekdays weekend weekends spring summer autumn winter morning noon afternoon evening night midnight sunrise sunset dawn dusk "
        + "daily weekly monthly yearly today yesterday tomorrow always never before after when while during until since century year years month months week weeks day days hour hours easter christmas");

    private static readonly FrozenSet<string> s_colours = Words(
        "black white grey gray red green blue yellow orange purple pink brown golden gold silver cream violet crimson scarlet turquoise beige ochre indigo");

    /// <summary>Whether a text has what a question asks for; true where the question does not tell.</summary>
    public static bool IsIn(string text, string question)
    {
        if (Colour().IsMatch(question))
            return Has(text, s_colours);
        if (Count().IsMatch(question))
            return HasDigit(text) || Has(text, s_numbers);
        if (Time().IsMatch(question))
            return HasDigit(text) || Has(text, s_times);
        return !Person().IsMatch(question) || Name().IsMatch(text);
    }

    private static FrozenSet<string> Words(string words) => words.Split(' ').ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static bool HasDigit(string text) => text.AsSpan().IndexOfAnyInRange('0', '9') >= 0;

    private static bool Has(string text, FrozenSet<string> words)
    {
        foreach (ValueMatch word in Word().EnumerateMatches(text))
        {
            if (words.Contains(text.Substring(word.Index, word.Length)))
                return true;
        }
        return false;
    }

    [GeneratedRegex(@"\b(what|which)\s+colou?rs?\b", RegexOptions.IgnoreCase)]
    private static partial Regex Colour();

    [GeneratedRegex(@"\bhow\s+(many|much|old|long|far|often|deep|high|tall|fast|heavy|large|big|wide|warm|cold|hot|thick|expensive)\b|\bwhat\s+(is|are|was)\s+the\s+(price|cost|number|length|height|depth|age|distance|speed|share|temperature)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Count();

    [GeneratedRegex(@"^\W*(when|(at|on|in|since|until|from)?\s*(what|which)\s+(time|year|day|days|date|month|months|hour|season)|since\s+when|until\s+when)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Time();

    [GeneratedRegex(@"^\W*(by\s+|to\s+|with\s+|from\s+)?(who|whose|whom)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Person();

    // A capital inside the sentence, or two words with capitals at its beginning.
    [GeneratedRegex(@"(?<=[\p{L}\p{N},;:)’'""]\s)\p{Lu}\p{L}+|^\W*\p{Lu}\p{L}+\s+\p{Lu}\p{L}+")]
    private static partial Regex Name();

    [GeneratedRegex(@"\p{L}+")]
    private static partial Regex Word();
}
