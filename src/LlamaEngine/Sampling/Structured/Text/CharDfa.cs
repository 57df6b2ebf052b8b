namespace LlamaEngine.Sampling.Structured.Text;

/// <summary>Code points <paramref name="First"/> … <paramref name="Last"/> lead to a state.</summary>
internal readonly record struct CharRange(int First, int Last, int Target);

/// <summary>
/// A deterministic automaton over Unicode scalar values: what a JSON string may say once its escapes are read. State 0 is the start. Every
/// range leads to a state from which an accepting one can be reached.
/// </summary>
/// <remarks>Immutable and thread-safe. Ranges of a state ascend and do not overlap; surrogates are in none.</remarks>
internal sealed class CharDfa
{
    /// <summary>What a state that does not accept answers.</summary>
    public const int None = -1;

    /// <summary>The largest code point.</summary>
    public const int LastChar = 0x10FFFF;

    private const int Ascii = 128;

    private readonly CharRange[][] _ranges;
    private readonly int[] _outcomes;

    // By state, made when it is first asked for: walks through a vocabulary ask for little else.
    private readonly int[]?[] _ascii;

    /// <summary>Creates an automaton; ranges into states that lead nowhere are left out.</summary>
    /// <param name="outcomes">By state: what a text that ends there is; negative: nothing.</param>
    public CharDfa(CharRange[][] ranges, int[] outcomes)
    {
        bool[] live = Live(ranges, outcomes);
        _ranges = [.. ranges.Select(list => Array.FindAll(list, range => live[range.Target]))];
        _outcomes = outcomes;
        _ascii = new int[]?[ranges.Length];
        IsEmpty = !live[0];
    }

    /// <summary>Number of states.</summary>
    public int Count => _ranges.Length;

    /// <summary>It accepts nothing.</summary>
    public bool IsEmpty { get; }

    /// <summary>What a text that ends in a state is; negative: nothing.</summary>
    public int Outcome(int state) => _outcomes[state];

    /// <summary>Where a state leads.</summary>
    public ReadOnlySpan<CharRange> Ranges(int state) => _ranges[state];

    /// <summary>The state behind a code point; negative: there is none.</summary>
    public int Next(int state, int value) =>
        value < Ascii ? (_ascii[state] ??= [.. Enumerable.Range(0, Ascii).Select(ascii => Find(state, ascii))])[value] : Find(state, value);

    private int Find(int state, int value)
    {
        int index = FirstEndingAt(state, value);
        CharRange[] ranges = _ranges[state];
        return index < ranges.Length && ranges[index].First <= value ? ranges[index].Target : None;
    }

    /// <summary>Whether any code point of an interval leads on.</summary>
    public bool AnyNext(int state, int first, int last)
    {
        int index = FirstEndingAt(state, first);
        CharRange[] ranges = _ranges[state];
        return index < ranges.Length && ranges[index].First <= last;
    }

    /// <summary>What a whole text is; negative: nothing.</summary>
    public int Match(string text)
    {
        int state = 0;
        foreach (System.Text.Rune rune in text.EnumerateRunes())
        {
            state = Next(state, rune.Value);
            if (state < 0)
                return None;
        }
        return _outcomes[state];
    }

    private int FirstEndingAt(int state, int value)
    {
        CharRange[] ranges = _ranges[state];
        int low = 0, high = ranges.Length;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (ranges[middle].Last < value)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private static bool[] Live(CharRange[][] ranges, int[] outcomes)
    {
        var sources = new List<int>[ranges.Length];
        var open = new Stack<int>();
        bool[] live = new bool[ranges.Length];
        for (int state = 0; state < ranges.Length; state++)
        {
            foreach (CharRange range in ranges[state])
                (sources[range.Target] ??= []).Add(state);
            if (outcomes[state] >= 0)
                Reach(state);
        }
        while (open.TryPop(out int state))
            sources[state]?.ForEach(Reach);
        return live;

        void Reach(int state)
        {
            if (live[state])
                return;
            live[state] = true;
            open.Push(state);
        }
    }
}
