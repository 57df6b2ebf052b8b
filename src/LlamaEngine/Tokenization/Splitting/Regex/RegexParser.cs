using System.Globalization;
using System.Text;

namespace LlamaEngine.Tokenization.Splitting.Regex;

/// <summary>Parses the part of Oniguruma's and Rust's syntax that split patterns use; the rest is refused by name.</summary>
internal sealed class RegexParser
{
    private const int LargestRepeat = 64;
    private const int DeepestNesting = 32;

    private readonly string _pattern;
    private int _position;
    private int _depth;

    private RegexParser(string pattern) => _pattern = pattern;

    /// <summary>Parses a pattern.</summary>
    /// <exception cref="UnsupportedModelException">It has something that is not implemented, or is no regular expression.</exception>
    public static Node Parse(string pattern)
    {
        var parser = new RegexParser(pattern);
        Node node = parser.ParseChoice(ignoreCase: false);
        return parser._position == pattern.Length ? node : throw parser.Unsupported("a closing bracket without an opening one");
    }

    private bool AtEnd => _position == _pattern.Length;

    private Node ParseChoice(bool ignoreCase)
    {
        if (++_depth > DeepestNesting)
            throw Unsupported("brackets nested so deeply");
        List<Node> options = [ParseSequence(ignoreCase)];
        while (TryTake("|"))
            options.Add(ParseSequence(ignoreCase));
        _depth--;
        return options.Count == 1 ? options[0] : new ChoiceNode(options);
    }

    private SequenceNode ParseSequence(bool ignoreCase)
    {
        List<Node> parts = [];
        while (!AtEnd && _pattern[_position] is not ('|' or ')'))
            parts.Add(ParseRepeat(ParseAtom(ignoreCase)));
        return new SequenceNode(parts);
    }

    private Node ParseRepeat(Node body)
    {
        bool hasBraces = Starts("{");
        if (!TryParseQuantifier(out int minimum, out int maximum))
            return body;
        // Behind braces Oniguruma takes + (and ? behind a fixed count) as another quantifier.
        Node repeat;
        if (TryTake("+"))
            repeat = hasBraces ? new RepeatNode(new RepeatNode(body, minimum, maximum, false), 1, -1, false) : Possessive(body, minimum, maximum);
        else if (hasBraces && minimum == maximum && TryTake("?"))
            repeat = new RepeatNode(new RepeatNode(body, minimum, maximum, false), 0, 1, false);
        else
            repeat = new RepeatNode(body, minimum, maximum, IsLazy: TryTake("?"));
        return AtEnd || _pattern[_position] is not ('?' or '*' or '+' or '{') ? repeat : throw Unsupported("a quantifier of a quantifier");
    }

    private PossessiveNode Possessive(Node body, int minimum, int maximum) => body is SetNode one
        ? new PossessiveNode(one.Set, minimum, maximum)
        : throw Unsupported("a possessive group");

    private bool TryParseQuantifier(out int minimum, out int maximum)
    {
        (minimum, maximum) = (0, -1);
        if (TryTake("*"))
            return true;
        minimum = 1;
        if (TryTake("+"))
            return true;
        (minimum, maximum) = (0, 1);
        return TryTake("?") || (!AtEnd && _pattern[_position] == '{' && ParseBounds(out minimum, out maximum));
    }

    private bool ParseBounds(out int minimum, out int maximum)
    {
        int end = _pattern.IndexOf('}', _position);
        string[] bounds = end < 0 ? [] : _pattern[(_position + 1)..end].Split(',');
        minimum = bounds.Length is 1 or 2 ? ParseBound(bounds[0]) : -1;
        maximum = bounds switch
        {
            [_] => minimum,
            [_, ""] => -1,
            [_, var last] => ParseBound(last),
            _ => -1,
        };
        if (minimum < 0 || (maximum < minimum && bounds is not [_, ""]))
            throw Unsupported("braces that are no count");
        _position = end + 1;
        return true;
    }

    private static int ParseBound(string bound) =>
        int.TryParse(bound, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= LargestRepeat ? value : -1;

    private Node ParseAtom(bool ignoreCase)
    {
        if (TryTake("(?i:"))
            return ParseGroup(ignoreCase: true);
        if (TryTake("(?:"))
            return ParseGroup(ignoreCase);
        if (TryTake("(?!"))
            return new LookAheadNode(ParseLookAhead(ignoreCase), IsNegative: true);
        if (TryTake("(?="))
            return new LookAheadNode(ParseLookAhead(ignoreCase), IsNegative: false);
        if (Starts("(?"))
            throw Unsupported($"the group '{_pattern[_position..Math.Min(_position + 4, _pattern.Length)]}'");
        if (TryTake("("))
            return ParseGroup(ignoreCase);
        if (TryTake("$"))
            return new LookAheadNode(NotLineFeed(), IsNegative: true);
        if (_pattern[_position] is '^' or '*' or '+' or '?' or '{')
            throw Unsupported($"'{_pattern[_position]}' at this place");
        return new SetNode(TryTake("[") ? ParseClass(ignoreCase) : ParseSingle(ignoreCase));
    }

    private Node ParseGroup(bool ignoreCase)
    {
        Node node = ParseChoice(ignoreCase);
        return TryTake(")") ? node : throw Unsupported("a group without an end");
    }

    private CharacterSet ParseLookAhead(bool ignoreCase) => ParseGroup(ignoreCase) is SequenceNode { Parts: [SetNode one] }
        ? one.Set
        : throw Unsupported("look-ahead for more than one character");

    private CharacterSet ParseSingle(bool ignoreCase)
    {
        if (TryTake("."))
            return NotLineFeed();
        var set = new CharacterSet();
        if (!TryParseShorthand(set))
            AddOne(set, ParseCharacter());
        return set.Freeze(negated: false, ignoreCase);
    }

    private static CharacterSet NotLineFeed()
    {
        var set = new CharacterSet();
        AddOne(set, '\n');
        return set.Freeze(negated: true, ignoresCase: false);
    }

    private CharacterSet ParseClass(bool ignoreCase)
    {
        var set = new CharacterSet();
        bool negated = TryTake("^");
        for (bool first = true; first || !TryTake("]"); first = false)
        {
            if (AtEnd || Starts("[") || Starts("&&"))
                throw Unsupported("a character class without an end or inside another one");
            if (TryParseShorthand(set))
                continue;
            int start = ParseCharacter();
            if (Starts("-") && !Starts("-]"))
            {
                _position++;
                set.AddRange(start, ParseCharacter());
            }
            else
            {
                AddOne(set, start);
            }
        }
        return set.Freeze(negated, ignoreCase);
    }

    private static void AddOne(CharacterSet set, int codePoint) => set.AddRange(codePoint, codePoint);

    private bool TryParseShorthand(CharacterSet set)
    {
        if (!Starts("\\") || _position + 1 == _pattern.Length)
            return false;
        char letter = _pattern[_position + 1];
        Predicate<int>? members = letter switch
        {
            's' or 'S' => CodePointClasses.IsWhiteSpace,
            'd' or 'D' => CharacterSet.IsDigit,
            'w' or 'W' => CharacterSet.IsWord,
            'p' or 'P' => CharacterSet.Property(PropertyName()) ?? throw Unsupported($"the property '{PropertyName()}'"),
            _ => null,
        };
        if (members is null)
            return false;
        set.Add(members, char.IsUpper(letter));
        _position += letter is 'p' or 'P' ? PropertyName().Length + 4 : 2;
        return true;
    }

    // The name in the braces of \p{…}; empty if there are none.
    private string PropertyName()
    {
        int open = _position + 2;
        int close = open < _pattern.Length && _pattern[open] == '{' ? _pattern.IndexOf('}', open) : -1;
        return close < 0 ? "" : _pattern[(open + 1)..close];
    }

    private int ParseCharacter()
    {
        if (AtEnd)
            throw Unsupported("a character class without an end");
        if (!TryTake("\\"))
            return TakeCodePoint();
        char letter = AtEnd ? '\0' : _pattern[_position];
        if (!char.IsAsciiLetterOrDigit(letter) && letter != '\0')
            return TakeCodePoint();
        _position++;
        return letter switch
        {
            'r' => '\r',
            'n' => '\n',
            't' => '\t',
            'f' => '\f',
            'v' => '\v',
            'x' => TryTake("{") ? TakeHex(_pattern.IndexOf('}', _position) - _position, 1) : TakeHex(2, 0),
            'u' => TakeHex(4, 0),
            _ => throw Unsupported($"the escape '\\{letter}'"),
        };
    }

    private int TakeCodePoint()
    {
        if (!Rune.TryGetRuneAt(_pattern, _position, out Rune rune))
            throw Unsupported("half a surrogate pair");
        _position += rune.Utf16SequenceLength;
        return rune.Value;
    }

    private int TakeHex(int length, int behind)
    {
        if (length is < 1 or > 6 || _position + length + behind > _pattern.Length
            || !int.TryParse(_pattern.AsSpan(_position, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value))
        {
            throw Unsupported("an escape that is no number");
        }
        _position += length + behind;
        return value;
    }

    private bool Starts(string text) => string.CompareOrdinal(_pattern, _position, text, 0, text.Length) == 0;

    private bool TryTake(string text)
    {
        bool taken = Starts(text);
        _position += taken ? text.Length : 0;
        return taken;
    }

    private UnsupportedModelException Unsupported(string what) => new(
        $"the split pattern {_pattern}: {what}, before offset {_position}",
        "choices, groups, classes, general categories, quantifiers, look-ahead for one character");
}
