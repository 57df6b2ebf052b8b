using System.Collections.Immutable;

namespace LlamaEngine.Sampling;

/// <summary>
/// The automaton of Aho and Corasick ("Efficient string matching", CACM 1975) over stop strings. A state stands for the longest
/// end of the text that is the beginning of a stop string: just what must be held back. Immutable.
/// </summary>
internal sealed class StopTrie
{
    /// <summary>The state at the start of the text.</summary>
    public const int Root = 0;

    private readonly List<Node> _nodes = [new Node { Text = "" }];

    /// <summary>Builds the automaton, in time and room in proportion to the strings' length.</summary>
    public StopTrie(ImmutableArray<string> strings)
    {
        foreach (string text in strings)
            Insert(text);
        Link();
    }

    /// <summary>The end of the text that a state stands for.</summary>
    public ReadOnlySpan<char> Prefix(int state) => _nodes[state].Text.AsSpan(0, _nodes[state].Depth);

    /// <summary>Length of the longest stop string that the text now ends with; 0: none.</summary>
    public int MatchLength(int state) => _nodes[state].MatchLength;

    /// <summary>The state after one more character.</summary>
    public int Next(int state, char character)
    {
        int child;
        while (!_nodes[state].Children.TryGetValue(character, out child) && state != Root)
            state = _nodes[state].Fallback;
        return child;
    }

    private void Insert(string text)
    {
        int state = Root;
        for (int i = 0; i < text.Length; i++)
        {
            if (!_nodes[state].Children.TryGetValue(text[i], out int child))
            {
                child = _nodes.Count;
                _nodes[state].Children.Add(text[i], child);
                _nodes.Add(new Node { Text = text, Depth = i + 1 });
            }
            state = child;
        }
        _nodes[state].MatchLength = text.Length;
    }

    // Breadth first: a fallback is shorter, and so complete, when it is needed.
    private void Link()
    {
        var queue = new Queue<int>(_nodes[Root].Children.Values);
        while (queue.TryDequeue(out int state))
        {
            Node node = _nodes[state];
            if (node.MatchLength == 0)
                node.MatchLength = _nodes[node.Fallback].MatchLength;
            foreach ((char character, int child) in node.Children)
            {
                _nodes[child].Fallback = Next(node.Fallback, character);
                queue.Enqueue(child);
            }
        }
    }

    private sealed class Node
    {
        public required string Text { get; init; }

        public int Depth { get; init; }

        public int Fallback { get; set; }

        public int MatchLength { get; set; }

        public Dictionary<char, int> Children { get; } = [];
    }
}
