using System.Buffers;

namespace LlamaEngine.Tokenization.Vocabularies;

/// <summary>Finds the longest of many byte strings at a place in text.</summary>
/// <remarks>Not thread-safe while strings are added; after <see cref="Freeze"/> it is.</remarks>
internal sealed class ByteTrie
{
    private const int Nothing = -1;

    private readonly Dictionary<(int Node, byte Next), int> _children = [];
    private readonly List<int> _values = [Nothing];
    private readonly HashSet<byte> _firstBytes = [];
    private SearchValues<byte> _starts = SearchValues.Create(ReadOnlySpan<byte>.Empty);

    /// <summary>There are no strings in it.</summary>
    public bool IsEmpty => _firstBytes.Count == 0;

    /// <summary>Adds a string; one that is there already gets the new value.</summary>
    /// <param name="value">Not negative.</param>
    public void Add(ReadOnlySpan<byte> key, int value)
    {
        int node = 0;
        foreach (byte next in key)
        {
            if (!_children.TryGetValue((node, next), out int child))
            {
                child = _values.Count;
                _values.Add(Nothing);
                _children.Add((node, next), child);
            }
            node = child;
        }
        _values[node] = value;
        _firstBytes.Add(key[0]);
    }

    /// <summary>Makes ready for searching; nothing is added afterwards.</summary>
    public void Freeze() => _starts = SearchValues.Create(_firstBytes.ToArray());

    /// <summary>Finds the longest string that <paramref name="text"/> starts with.</summary>
    public bool TryMatchPrefix(ReadOnlySpan<byte> text, out int length, out int value)
    {
        (length, value) = (0, Nothing);
        int node = 0;
        for (int i = 0; i < text.Length && _children.TryGetValue((node, text[i]), out node); i++)
        {
            if (_values[node] != Nothing)
                (length, value) = (i + 1, _values[node]);
        }
        return value != Nothing;
    }

    /// <summary>Finds the leftmost place where a string stands, and the longest one there.</summary>
    public bool TryFind(ReadOnlySpan<byte> text, int from, out int start, out int length, out int value)
    {
        for (start = from; start < text.Length; start++)
        {
            int skip = text[start..].IndexOfAny(_starts);
            if (skip < 0)
                break;
            start += skip;
            if (TryMatchPrefix(text[start..], out length, out value))
                return true;
        }
        (start, length, value) = (text.Length, 0, Nothing);
        return false;
    }
}
