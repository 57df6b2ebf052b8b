namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>A deterministic automaton over few different bytes; state 0 is the start, and every state leads to an accepting one.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class ByteDfa
{
    private const int None = -1;

    private readonly byte[] _classes = new byte[256];
    private readonly int[] _next;
    private readonly int _width;
    private readonly bool[] _accepts, _ends;

    /// <summary>Creates an automaton; edges into states that lead nowhere are left out.</summary>
    public ByteDfa(int states, IReadOnlyList<(int From, byte Byte, int To)> edges, bool[] accepts)
    {
        bool[] live = Live(edges, accepts);
        _accepts = accepts;
        IsEmpty = !live[0];
        byte[] bytes = [.. edges.Select(edge => edge.Byte).Distinct().Order()];
        for (int i = 0; i < bytes.Length; i++)
            _classes[bytes[i]] = (byte)(i + 1);
        _width = bytes.Length + 1;
        _next = new int[states * _width];
        _next.AsSpan().Fill(None);
        _ends = (bool[])accepts.Clone();
        foreach ((int from, byte value, int to) in edges)
        {
            if (!live[to])
                continue;
            _next[from * _width + _classes[value]] = to;
            _ends[from] = false;
        }
    }

    /// <summary>It accepts nothing.</summary>
    public bool IsEmpty { get; }

    /// <summary>How many states there are.</summary>
    public int States => _accepts.Length;

    /// <summary>The automaton of one word.</summary>
    public static ByteDfa OfWord(ReadOnlySpan<byte> word) => OfWords([word.ToArray()]);

    /// <summary>The automaton of some words: a tree of their beginnings.</summary>
    public static ByteDfa OfWords(IReadOnlyList<byte[]> words)
    {
        var children = new Dictionary<(int From, byte Byte), int>();
        var accepting = new HashSet<int>();
        foreach (byte[] word in words)
        {
            int state = 0;
            foreach (byte next in word)
            {
                if (!children.TryGetValue((state, next), out int child))
                    children.Add((state, next), child = children.Count + 1);
                state = child;
            }
            accepting.Add(state);
        }
        bool[] accepts = [.. Enumerable.Range(0, children.Count + 1).Select(accepting.Contains)];
        return new ByteDfa(accepts.Length, [.. children.Select(edge => (edge.Key.From, edge.Key.Byte, edge.Value))], accepts);
    }

    /// <summary>The state behind a byte; negative: there is none.</summary>
    public int Next(int state, byte value) => _next[state * _width + _classes[value]];

    /// <summary>The value may end here.</summary>
    public bool Accepts(int state) => _accepts[state];

    /// <summary>It ends here: nothing more can follow.</summary>
    public bool Ends(int state) => _ends[state];

    private static bool[] Live(IReadOnlyList<(int From, byte Byte, int To)> edges, bool[] accepts)
    {
        bool[] live = (bool[])accepts.Clone();
        var sources = new List<int>[accepts.Length];
        foreach ((int from, _, int to) in edges)
            (sources[to] ??= []).Add(from);
        var open = new Stack<int>(Enumerable.Range(0, accepts.Length).Where(state => accepts[state]));
        while (open.TryPop(out int state))
        {
            foreach (int source in sources[state] ?? [])
            {
                if (!live[source])
                {
                    live[source] = true;
                    open.Push(source);
                }
            }
        }
        return live;
    }
}
