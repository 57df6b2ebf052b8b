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

    /// <summary>The automaton of one word.</summary>
    public static ByteDfa OfWord(ReadOnlySpan<byte> word)
    {
        var edges = new List<(int, byte, int)>();
        for (int i = 0; i < word.Length; i++)
            edges.Add((i, word[i], i + 1));
        bool[] accepts = new bool[word.Length + 1];
        accepts[^1] = true;
        return new ByteDfa(accepts.Length, edges, accepts);
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
