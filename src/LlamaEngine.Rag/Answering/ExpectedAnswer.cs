using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace LlamaEngine.Rag;

/// <summary>What kind of answer an English question asks for, and whether a sentence has one: a sentence without any number does not say how many.</summary>
/// <remarks>After the answer types of early question answering (Li and Roth, COLING 2002), as few as can be told by the question's first words.</remarks>
internal sealed partial class ExpectedAnswer
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

    private static readonly ExpectedAnswer s_any = new(null, static _ => true);

    private static readonly ExpectedAnswer[] s_kinds =
    [
        new(Colour(), text => Has(text, s_colours)),
        new(Count(), text => HasDigit(text) || Has(text, s_numbers)),
        new(Property(), text => HasDigit(text) || Has(text, s_numbers)),
        new(Time(), text => HasDigit(text) || Has(text, s_times)),
        new(Person(), text => Name().IsMatch(text)) { IsNamedBefore = true },
    ];

    private readonly Regex? _form;
    private readonly Func<string, bool> _isIn;

    private ExpectedAnswer(Regex? form, Func<string, bool> isIn) => (_form, _isIn) = (form, isIn);

    /// <summary>Who "he" is stands in the sentence before; how many there are does not.</summary>
    private bool IsNamedBefore { get; init; }

    /// <summary>What a question asks for.</summary>
    /// <param name="asked">
    /// The question without the words that only tell the kind ("what time", "how often"), which an answer need not have. A property stays: what is
    /// 38 metres deep is called deep.
    /// </param>
    public static ExpectedAnswer Of(string question, out string asked)
    {
        asked = question;
        foreach (ExpectedAnswer kind in s_kinds)
        {
            if (kind._form!.Match(question) is not { Success: true } match)
                continue;
            if (match.Groups["kind"] is { Success: true } words)
                asked = question.Remove(words.Index, words.Length);
            return kind;
        }
        return s_any;
    }

    /// <summary>Whether a text has an answer of the kind; always where the question does not tell.</summary>
    /// <param name="text">A sentence, with the one before it where it refers back.</param>
    /// <param name="sentence">The sentence alone.</param>
    public bool IsIn(string text, string sentence) => _isIn(IsNamedBefore ? text : sentence);

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

    [GeneratedRegex(@"\b(what|which)\s+(?<kind>colou?rs?)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Colour();

    [GeneratedRegex(@"\bhow\s+(many|much)\b|\bhow\s+(?<kind>long|far(\s+away)?|often)\b|\bwhat\s+(is|are|was|were)\s+the\s+(?<kind>price|cost|number|share|amount)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Count();

    [GeneratedRegex(@"\bhow\s+(old|deep|high|tall|fast|heavy|large|big|wide|warm|cold|hot|thick)\b|\bwhat\s+(is|are|was|were)\s+the\s+(length|height|depth|age|distance|speed|temperature|weight)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Property();

    [GeneratedRegex(@"^\W*when\b|^\W*(at|on|in|since|until|from)?\s*(what|which)\s+(?<kind>time|year|days?|date|months?|hours?|season)\b|^\W*(since|until)\s+when\b", RegexOptions.IgnoreCase)]
    private static partial Regex Time();

    [GeneratedRegex(@"^\W*(by\s+|to\s+|with\s+|from\s+)?(who|whose|whom)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Person();

    // A capital inside the sentence, or two words with capitals at its beginning.
    [GeneratedRegex(@"(?<=[\p{L}\p{N},;:)’'""]\s)\p{Lu}\p{L}+|^\W*\p{Lu}\p{L}+\s+\p{Lu}\p{L}+")]
    private static partial Regex Name();

    [GeneratedRegex(@"\p{L}+")]
    private static partial Regex Word();
}
