namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>
/// Tokens by their bytes, as a tree in the order of a walk that goes down first: a node's subtree stands right behind it, so that a walk is one
/// pass over arrays that jumps over what is not allowed.
/// </summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class TokenTrie
{
    private readonly byte[] _bytes, _depths;
    private readonly int[] _ends, _tokens;

    // Of the tokens in order, the one for which a node was made; one more behind the last node. A token made all nodes of its path that
    // those before it did not have, so it ends at the last of them.
    private readonly int[] _firstTokens;

    /// <summary>Makes the tree of tokens; those of more than 255 bytes are left out.</summary>
    public TokenTrie(IEnumerable<(int Token, byte[] Bytes)> tokens)
    {
        (int Token, byte[] Bytes)[] sorted = [.. tokens.Where(token => token.Bytes.Length is > 0 and <= byte.MaxValue)];
        Array.Sort(sorted, (a, b) => a.Bytes.AsSpan().SequenceCompareTo(b.Bytes) is var order && order != 0 ? order : a.Token - b.Token);
        var bytes = new List<byte>();
        var depths = new List<byte>();
        var firstTokens = new List<int>();
        byte[] path = [];
        for (int i = 0; i < sorted.Length; i++)
        {
            byte[] own = sorted[i].Bytes;
            for (int depth = path.AsSpan().CommonPrefixLength(own); depth < own.Length; depth++)
            {
                bytes.Add(own[depth]);
                depths.Add((byte)depth);
                firstTokens.Add(i);
            }
            path = own;
        }
        firstTokens.Add(sorted.Length);
        (_bytes, _depths, _firstTokens) = ([.. bytes], [.. depths], [.. firstTokens]);
        _tokens = [.. sorted.Select(token => token.Token)];
        _ends = Ends(_depths);
        Depth = sorted.Length == 0 ? 0 : sorted.Max(token => token.Bytes.Length);
    }

    /// <summary>Nodes; the root is none.</summary>
    public int Count => _bytes.Length;

    /// <summary>Bytes of the longest token.</summary>
    public int Depth { get; }

    /// <summary>The byte that leads to a node.</summary>
    public byte Byte(int node) => _bytes[node];

    /// <summary>Bytes before it.</summary>
    public int DepthOf(int node) => _depths[node];

    /// <summary>The first node behind its subtree.</summary>
    public int End(int node) => _ends[node];

    /// <summary>Tokens that end at a node.</summary>
    public ReadOnlySpan<int> Tokens(int node) => _tokens.AsSpan(_firstTokens[node], _firstTokens[node + 1] - _firstTokens[node]);

    private static int[] Ends(byte[] depths)
    {
        int[] ends = new int[depths.Length];
        var open = new Stack<int>();
        for (int node = 0; node <= depths.Length; node++)
        {
            while (open.TryPeek(out int top) && (node == depths.Length || depths[top] >= depths[node]))
                ends[open.Pop()] = node;
            if (node < depths.Length)
                open.Push(node);
        }
        return ends;
    }
}
