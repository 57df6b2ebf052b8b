using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>
/// The names of an object's properties: an automaton whose outcomes are the properties that the schema names (0 … names − 1) and, behind
/// them, classes of other names, whose values have a node each.
/// </summary>
/// <remarks>Immutable and thread-safe. Made when it is known which values have instances: names of others are in no state's reach.</remarks>
internal sealed class KeyTable
{
    private readonly ulong[][] _reach;
    private readonly int[] _freeHeights;
    private readonly Node[] _values;
    private readonly int _names;

    /// <summary>Creates the table.</summary>
    /// <param name="dfa">Outcomes are indices into <paramref name="values"/>.</param>
    /// <param name="names">How many of the values are named.</param>
    public KeyTable(CharDfa dfa, Node[] values, int names)
    {
        (_values, _names, Words) = (values, names, (names + 63) / 64);
        Dfa = WithValues(dfa, values);
        _reach = new ulong[Dfa.Count][];
        _freeHeights = new int[Dfa.Count];
        Propagate();
        HasFree = Dfa.Count > 0 && _freeHeights[0] < ValuePart.NoHeight;
        bool open = CharDfas.IsOpen(Dfa) && !_freeHeights.Contains(ValuePart.NoHeight);
        OpenHeight = open ? values[names..].Where(value => value.Height < ValuePart.NoHeight).Max(value => value.Height) : ValuePart.NoHeight;
    }

    /// <summary>The automaton.</summary>
    public CharDfa Dfa { get; }

    /// <summary>Words of 64 bits that the names take.</summary>
    public int Words { get; }

    /// <summary>There are names besides those of the schema.</summary>
    public bool HasFree { get; }

    /// <summary>Every text is the beginning of a free name whose value is at most so high; <see cref="ValuePart.NoHeight"/>: not so.</summary>
    public int OpenHeight { get; }

    /// <summary>Whether an outcome is a name of the schema.</summary>
    public bool IsNamed(int outcome) => outcome < _names;

    /// <summary>The value of an outcome.</summary>
    public Node Value(int outcome) => _values[outcome];

    /// <summary>Whether a wanted name whose value is low enough can be reached from a state.</summary>
    /// <param name="wanted">Gives words of bits.</param>
    public bool ReachesNamed(int state, int height, ReadOnlySpan<ulong> wanted)
    {
        for (int word = 0; word < Words; word++)
        {
            for (ulong bits = _reach[state][word] & wanted[word]; bits != 0; bits &= bits - 1)
            {
                if (_values[word * 64 + System.Numerics.BitOperations.TrailingZeroCount(bits)].Height <= height)
                    return true;
            }
        }
        return false;
    }

    /// <summary>
    /// Whether a name that is none of <paramref name="taken"/> and whose value is low enough can be reached through a character from
    /// <paramref name="first"/> to <paramref name="last"/>.
    /// </summary>
    /// <param name="taken">Free names that begin as the name so far does.</param>
    /// <param name="at">UTF-16 units of the name so far.</param>
    public bool ReachesFree(int state, int first, int last, int height, List<string> taken, int at)
    {
        foreach (CharRange range in Dfa.Ranges(state))
        {
            int from = Math.Max(first, range.First), to = Math.Min(last, range.Last);
            if (from > to || _freeHeights[range.Target] > height)
                continue;
            var next = new SortedSet<int>();
            foreach (string name in taken)
            {
                if (at < name.Length && char.ConvertToUtf32(name, at) is var value && value >= from && value <= to)
                    next.Add(value);
            }
            // A character that no taken name goes on with leads to names that are all still free.
            if (to - from + 1 > next.Count || next.Any(value => ReachesFreeBehind(range.Target, value, height, taken, at)))
                return true;
        }
        return false;
    }

    private bool ReachesFreeBehind(int state, int value, int height, List<string> taken, int at)
    {
        List<string> rest = taken.FindAll(name => at < name.Length && char.ConvertToUtf32(name, at) == value);
        at += value > char.MaxValue ? 2 : 1;
        int outcome = Dfa.Outcome(state);
        bool ends = outcome >= _names && _values[outcome].Height <= height && !rest.Exists(name => name.Length == at);
        return ends || ReachesFree(state, 0, CharDfa.LastChar, height, rest, at);
    }

    private static CharDfa WithValues(CharDfa dfa, Node[] values)
    {
        var ranges = new CharRange[dfa.Count][];
        int[] outcomes = new int[dfa.Count];
        for (int state = 0; state < dfa.Count; state++)
        {
            ranges[state] = dfa.Ranges(state).ToArray();
            int outcome = dfa.Outcome(state);
            outcomes[state] = outcome >= 0 && values[outcome].Height < ValuePart.NoHeight ? outcome : CharDfa.None;
        }
        return new CharDfa(ranges, outcomes);
    }

    // From the ends backwards, until nothing changes.
    private void Propagate()
    {
        var sources = new List<int>[Dfa.Count];
        var open = new Queue<int>();
        for (int state = 0; state < Dfa.Count; state++)
        {
            _reach[state] = new ulong[Words];
            _freeHeights[state] = ValuePart.NoHeight;
            int outcome = Dfa.Outcome(state);
            if (outcome >= _names)
                _freeHeights[state] = _values[outcome].Height;
            else if (outcome >= 0)
                _reach[state][outcome >> 6] |= 1UL << outcome;
            foreach (CharRange range in Dfa.Ranges(state))
                (sources[range.Target] ??= []).Add(state);
            open.Enqueue(state);
        }
        while (open.TryDequeue(out int state))
        {
            foreach (int source in sources[state] ?? [])
            {
                if (Take(source, state))
                    open.Enqueue(source);
            }
        }
    }

    private bool Take(int source, int state)
    {
        bool changed = _freeHeights[state] < _freeHeights[source];
        _freeHeights[source] = Math.Min(_freeHeights[source], _freeHeights[state]);
        for (int word = 0; word < Words; word++)
        {
            changed |= (_reach[state][word] & ~_reach[source][word]) != 0;
            _reach[source][word] |= _reach[state][word];
        }
        return changed;
    }
}
