namespace LlamaEngine.Sampling.Structured.Text;

/// <summary>Sets of code points, as ascending ranges that do not touch.</summary>
internal static class PatternSets
{
    private static readonly (int First, int Last)[] s_digits = [('0', '9')];

    private static readonly (int First, int Last)[] s_words = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];

    // WhiteSpace and LineTerminator of ECMA-262.
    private static readonly (int First, int Last)[] s_spaces =
    [
        (0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F), (0x205F, 0x205F),
        (0x3000, 0x3000), (0xFEFF, 0xFEFF),
    ];

    /// <summary>Everything but the ends of lines.</summary>
    public static (int First, int Last)[] Dot { get; } = Not([('\n', '\n'), ('\r', '\r'), (0x2028, 0x2029)]);

    /// <summary>The set of an escape such as <c>\d</c>; null: it is none.</summary>
    public static (int First, int Last)[]? Class(int letter) => letter switch
    {
        'd' => s_digits,
        'D' => Not(s_digits),
        'w' => s_words,
        'W' => Not(s_words),
        's' => s_spaces,
        'S' => Not(s_spaces),
        _ => null,
    };

    /// <summary>Puts ranges in order and together.</summary>
    public static (int First, int Last)[] Union(IEnumerable<(int First, int Last)> ranges)
    {
        var result = new List<(int First, int Last)>();
        foreach ((int first, int last) in ranges.Order())
        {
            if (result.Count > 0 && first <= result[^1].Last + 1)
                result[^1] = (result[^1].First, Math.Max(result[^1].Last, last));
            else
                result.Add((first, last));
        }
        return [.. result];
    }

    /// <summary>All other code points.</summary>
    public static (int First, int Last)[] Not((int First, int Last)[] ranges)
    {
        var result = new List<(int First, int Last)>();
        int next = 0;
        foreach ((int first, int last) in ranges)
        {
            if (first > next)
                result.Add((next, first - 1));
            next = last + 1;
        }
        if (next <= CharDfa.LastChar)
            result.Add((next, CharDfa.LastChar));
        return [.. result];
    }
}

/// <summary>Parses what stands in brackets.</summary>
internal readonly ref struct PatternSetParser(PatternParser parser)
{
    /// <summary>The set; the opening bracket is behind.</summary>
    public (int First, int Last)[] Parse()
    {
        bool negated = parser.TryTake('^');
        var ranges = new List<(int First, int Last)>();
        while (!parser.TryTake(']'))
            ParseRange(ranges);
        (int First, int Last)[] set = PatternSets.Union(ranges);
        return negated ? PatternSets.Not(set) : set;
    }

    private void ParseRange(List<(int First, int Last)> ranges)
    {
        (int First, int Last)[] start = ParseOne();
        if (!parser.IsAt('-', notThen: ']'))
        {
            ranges.AddRange(start);
            return;
        }
        parser.Take();
        (int First, int Last)[] end = ParseOne();
        if (start.Length != 1 || end.Length != 1 || start[0].First != start[0].Last || end[0].First != end[0].Last || start[0].First > end[0].First)
            throw new PatternException("a range in brackets is out of order, or begins or ends with a set.");
        ranges.Add((start[0].First, end[0].First));
    }

    private (int First, int Last)[] ParseOne()
    {
        int value = parser.Take();
        return value == '\\' ? parser.ParseEscape(inSet: true) : [(value, value)];
    }
}
