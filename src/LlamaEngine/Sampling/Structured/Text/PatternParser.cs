using System.Globalization;

namespace LlamaEngine.Sampling.Structured.Text;

/// <summary>
/// Parses the regular part of ECMA-262's expressions, over code points: literals, sets, groups, alternatives, repetitions and the two
/// anchors. Look-around, back-references, word boundaries and Unicode properties are refused.
/// </summary>
internal sealed class PatternParser
{
    private const int MaxCount = 10_000, MaxDepth = 200;

    private readonly int[] _text;
    private int _at, _depth;

    private PatternParser(string pattern) => _text = [.. pattern.EnumerateRunes().Select(rune => rune.Value)];

    private int Current => _at < _text.Length ? _text[_at] : -1;

    /// <summary>Parses a pattern.</summary>
    /// <exception cref="PatternException">It is malformed, or not supported.</exception>
    public static PatternNode Parse(string pattern)
    {
        var parser = new PatternParser(pattern);
        PatternNode node = parser.ParseChoice();
        return parser._at == parser._text.Length ? node : throw new PatternException("a ')' closes nothing.");
    }

    private PatternNode ParseChoice()
    {
        if (++_depth > MaxDepth)
            throw new PatternException("its groups are nested too deeply.");
        var items = new List<PatternNode> { ParseSequence() };
        while (TryTake('|'))
            items.Add(ParseSequence());
        _depth--;
        return items.Count == 1 ? items[0] : new PatternNode.Choice(items);
    }

    private PatternNode ParseSequence()
    {
        var items = new List<PatternNode>();
        while (Current is not (-1 or '|' or ')'))
            items.Add(ParseRepeat());
        return items.Count == 1 ? items[0] : new PatternNode.Sequence(items);
    }

    private PatternNode ParseRepeat()
    {
        bool isAnchor = Current is '^' or '$';
        PatternNode item = ParseItem();
        if (!TryParseCounts(out int least, out int most))
            return item;
        if (isAnchor)
            throw new PatternException("an anchor is repeated.");
        TryTake('?'); // as few as possible: the texts that match are the same
        if (Current is '*' or '+' or '?' or '{')
            throw new PatternException("a repetition is repeated; use a group.");
        return new PatternNode.Repeat(item, least, most);
    }

    private bool TryParseCounts(out int least, out int most)
    {
        (least, most) = (0, int.MaxValue);
        switch (Current)
        {
            case '*':
                break;
            case '+':
                least = 1;
                break;
            case '?':
                most = 1;
                break;
            case '{':
                _at++;
                least = ParseCount();
                most = !TryTake(',') ? least : Current == '}' ? int.MaxValue : ParseCount();
                if (Current != '}' || least > most)
                    throw new PatternException("a repetition is none of {n}, {n,} and {n,m}.");
                break;
            default:
                return false;
        }
        _at++;
        return true;
    }

    private int ParseCount()
    {
        int start = _at, value = 0;
        while (Current is >= '0' and <= '9')
        {
            value = value * 10 + Current - '0';
            _at++;
            if (value > MaxCount)
                throw new PatternException($"it repeats more than {MaxCount} times.");
        }
        return _at > start ? value : throw new PatternException("a repetition is none of {n}, {n,} and {n,m}.");
    }

    private PatternNode ParseItem()
    {
        int value = Take();
        switch (value)
        {
            case '^':
                return new PatternNode.Start();
            case '$':
                return new PatternNode.End();
            case '(':
                return ParseGroup();
            case '[':
                return new PatternNode.Set(new PatternSetParser(this).Parse());
            case '.':
                return new PatternNode.Set(PatternSets.Dot);
            case '\\':
                return new PatternNode.Set(ParseEscape(inSet: false));
            case '*' or '+' or '?' or '{':
                throw new PatternException("a repetition repeats nothing.");
            case ']' or '}':
                throw new PatternException($"a '{(char)value}' closes nothing; write it as '\\{(char)value}'.");
            default:
                return new PatternNode.Set([(value, value)]);
        }
    }

    private PatternNode ParseGroup()
    {
        if (TryTake('?') && !TryTake(':'))
            SkipName();
        PatternNode item = ParseChoice();
        return TryTake(')') ? item : throw new PatternException("a group is not closed.");
    }

    private void SkipName()
    {
        if (!TryTake('<') || Current is '=' or '!')
            throw new PatternException("look-around and flags are not regular, or not supported.");
        while (Take() is var value && value != '>')
        {
            if (value != '_' && value != '$' && !char.IsLetterOrDigit(char.ConvertFromUtf32(value), 0))
                throw new PatternException("the name of a group is malformed.");
        }
    }

    /// <summary>The next character, which is then behind.</summary>
    public int Take() => _at < _text.Length ? _text[_at++] : throw new PatternException("it ends too early.");

    /// <summary>Whether this character is next; it is then behind.</summary>
    public bool TryTake(int value)
    {
        bool found = Current == value;
        _at += found ? 1 : 0;
        return found;
    }

    /// <summary>Whether this character, and then not that one, is next.</summary>
    public bool IsAt(int value, int notThen) => Current == value && !(_at + 1 < _text.Length && _text[_at + 1] == notThen);

    /// <summary>What stands behind a backslash.</summary>
    public (int First, int Last)[] ParseEscape(bool inSet)
    {
        int value = Take();
        if (PatternSets.Class(value) is { } set)
            return set;
        int meant = value switch
        {
            't' => '\t',
            'n' => '\n',
            'v' => '\v',
            'f' => '\f',
            'r' => '\r',
            'b' when inSet => '\b',
            '0' when Current is not (>= '0' and <= '9') => 0,
            'x' => ParseHex(2),
            'u' => ParseUnicode(),
            'c' when Take() is var letter && letter < 128 && char.IsAsciiLetter((char)letter) => letter & 31,
            < 128 when !char.IsAsciiLetterOrDigit((char)value) => value,
            'b' or 'B' => throw new PatternException("word boundaries are not supported."),
            'p' or 'P' => throw new PatternException("Unicode properties are not supported; write the ranges."),
            'k' or (>= '0' and <= '9') => throw new PatternException("back-references are not regular."),
            _ => throw new PatternException($"the escape '\\{char.ConvertFromUtf32(value)}' is unknown."),
        };
        return [(meant, meant)];
    }

    private int ParseUnicode()
    {
        int value;
        if (TryTake('{'))
        {
            int start = _at;
            while (Current != '}' && _at - start < 8)
                Take();
            value = ParseHexText(start, _at);
            if (!TryTake('}'))
                throw new PatternException("an escape is none of \\uXXXX and \\u{X}.");
        }
        else
        {
            value = ParseHex(4);
            if (value is >= 0xD800 and < 0xDC00 && TryTake('\\') && TryTake('u') && ParseHex(4) is >= 0xDC00 and < 0xE000 and var low)
                value = 0x10000 + ((value - 0xD800) << 10) + low - 0xDC00;
        }
        return value is <= CharDfa.LastChar and not (>= 0xD800 and < 0xE000)
            ? value
            : throw new PatternException("an escape names half a surrogate pair, or no character.");
    }

    private int ParseHex(int digits)
    {
        _at += digits;
        return ParseHexText(_at - digits, _at);
    }

    private int ParseHexText(int start, int end)
    {
        string text = end <= _text.Length ? string.Concat(_text[start..end].Select(char.ConvertFromUtf32)) : "";
        return int.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out int value) && value >= 0
            ? value
            : throw new PatternException("an escape has too few hexadecimal digits.");
    }
}
