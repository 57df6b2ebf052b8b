using System.Text;

namespace LlamaEngine.Sampling.Structured.Text;

/// <summary>Makes automata: of words, of lengths, and of several others together.</summary>
internal static class CharDfas
{
    /// <summary>States an automaton may have.</summary>
    public const int MaxStates = 20_000;

    private const int FirstSurrogate = 0xD800, LastSurrogate = 0xDFFF;

    /// <summary>Accepts every text.</summary>
    public static CharDfa Any { get; } = new([Everything(0)], [0]);

    /// <summary>Ranges from a state to another one over all of Unicode.</summary>
    public static CharRange[] Everything(int target) =>
        [new CharRange(0, FirstSurrogate - 1, target), new CharRange(LastSurrogate + 1, CharDfa.LastChar, target)];

    /// <summary>Accepts single words; the outcome is the word's index, the first one's where words are equal.</summary>
    public static CharDfa OfWords(IReadOnlyList<string> words)
    {
        var children = new List<SortedDictionary<int, int>> { new() };
        var outcomes = new List<int> { CharDfa.None };
        for (int word = 0; word < words.Count; word++)
        {
            int state = 0;
            foreach (Rune rune in words[word].EnumerateRunes())
            {
                if (!children[state].TryGetValue(rune.Value, out int child))
                {
                    child = children.Count;
                    children[state].Add(rune.Value, child);
                    children.Add([]);
                    outcomes.Add(CharDfa.None);
                }
                state = child;
            }
            if (outcomes[state] < 0)
                outcomes[state] = word;
        }
        CharRange[][] ranges = [.. children.Select(map => map.Select(pair => new CharRange(pair.Key, pair.Key, pair.Value)).ToArray())];
        return new CharDfa(ranges, [.. outcomes]);
    }

    /// <summary>Accepts texts of so many code points; null: they would take too many states.</summary>
    /// <param name="most"><see cref="int.MaxValue"/>: any number.</param>
    public static CharDfa? OfLengths(int least, int most)
    {
        int last = most == int.MaxValue ? least : most;
        if (last >= MaxStates)
            return null;
        var ranges = new CharRange[last + 1][];
        for (int length = 0; length <= last; length++)
            ranges[length] = length < last ? Everything(length + 1) : most == int.MaxValue ? Everything(last) : [];
        return new CharDfa(ranges, [.. Enumerable.Range(0, last + 1).Select(length => length >= least ? 0 : CharDfa.None)]);
    }

    /// <summary>Runs automata side by side; null: they would take too many states.</summary>
    /// <param name="combine">Makes one outcome of theirs.</param>
    /// <param name="required">How many of the first ones must not fail; a failure of another is the outcome <see cref="CharDfa.None"/>.</param>
    /// <param name="spend">Told how much work it takes, in steps; may throw.</param>
    public static CharDfa? Product(IReadOnlyList<CharDfa> parts, Func<int[], int> combine, int required, Action<long> spend)
    {
        var states = new Dictionary<StateTuple, int>();
        var open = new List<int[]>();
        var ranges = new List<CharRange[]>();
        var outcomes = new List<int>();
        Intern(new int[parts.Count]);
        for (int state = 0; state < open.Count; state++)
        {
            if (open.Count > MaxStates)
                return null;
            int[] tuple = open[state];
            outcomes.Add(combine([.. tuple.Select((part, i) => part < 0 ? CharDfa.None : parts[i].Outcome(part))]));
            ranges.Add(RangesOf(tuple));
        }
        return new CharDfa([.. ranges], [.. outcomes]);

        int Intern(int[] tuple)
        {
            var key = new StateTuple(tuple);
            if (!states.TryGetValue(key, out int state))
            {
                state = open.Count;
                states.Add(key, state);
                open.Add(tuple);
            }
            return state;
        }

        CharRange[] RangesOf(int[] tuple)
        {
            var result = new List<CharRange>();
            foreach ((int first, int last) in Pieces(tuple, parts))
            {
                spend(1 + (parts.Count / 8));
                int[] next = [.. tuple.Select((part, i) => part < 0 ? CharDfa.None : parts[i].Next(part, first))];
                if (next.AsSpan(0, required).Contains(CharDfa.None))
                    continue;
                Append(result, new CharRange(first, last, Intern(next)));
            }
            return [.. result];
        }
    }

    /// <summary>Whether every character leads on from every state, so that nothing is ever refused before the end.</summary>
    public static bool IsOpen(CharDfa dfa)
    {
        for (int state = 0; state < dfa.Count; state++)
        {
            int next = 0;
            foreach (CharRange range in dfa.Ranges(state))
            {
                if (range.First > (next == FirstSurrogate ? LastSurrogate + 1 : next))
                    return false;
                next = range.Last + 1;
            }
            if (next <= CharDfa.LastChar)
                return false;
        }
        return true;
    }

    /// <summary>Adds a range behind the others, as part of the last one where it goes on from there.</summary>
    public static void Append(List<CharRange> ranges, CharRange range)
    {
        if (ranges.Count > 0 && ranges[^1] is var before && before.Target == range.Target && before.Last + 1 == range.First)
            ranges[^1] = before with { Last = range.Last };
        else
            ranges.Add(range);
    }

    /// <summary>Cuts Unicode without its surrogates at starts (where something begins) into intervals on which nothing changes.</summary>
    public static IEnumerable<(int First, int Last)> Cut(IEnumerable<int> starts)
    {
        var cuts = new SortedSet<int>(starts.Where(start => start <= CharDfa.LastChar)) { 0, FirstSurrogate, LastSurrogate + 1 };
        int[] sorted = [.. cuts];
        for (int i = 0; i < sorted.Length; i++)
        {
            if (sorted[i] is < FirstSurrogate or > LastSurrogate)
                yield return (sorted[i], i + 1 < sorted.Length ? sorted[i + 1] - 1 : CharDfa.LastChar);
        }
    }

    private static IEnumerable<(int First, int Last)> Pieces(int[] tuple, IReadOnlyList<CharDfa> parts)
    {
        var starts = new List<int>();
        for (int i = 0; i < tuple.Length; i++)
        {
            if (tuple[i] < 0)
                continue;
            foreach (CharRange range in parts[i].Ranges(tuple[i]))
                starts.AddRange([range.First, range.Last + 1]);
        }
        return Cut(starts);
    }
}

/// <summary>States of several automata, compared by value.</summary>
internal readonly struct StateTuple(int[] states) : IEquatable<StateTuple>
{
    private readonly int[] _states = states;

    /// <inheritdoc/>
    public bool Equals(StateTuple other) => _states.AsSpan().SequenceEqual(other._states);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is StateTuple other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int state in _states)
            hash.Add(state);
        return hash.ToHashCode();
    }
}
