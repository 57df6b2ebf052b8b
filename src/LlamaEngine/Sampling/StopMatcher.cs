using System.Collections.Immutable;

namespace LlamaEngine.Sampling;

/// <summary>
/// Looks for stop strings in a stream of text pieces and lets through only what can no longer become part of one.
/// </summary>
/// <remarks>
/// The match that is complete first wins, and of those that are complete at the same character the longest, wherever the
/// pieces are cut. Not thread-safe. Without stop strings, and while none is in sight, pieces pass through as they are,
/// without an allocation.
/// </remarks>
internal sealed class StopMatcher
{
    private readonly StopTrie? _trie;
    private int _state;

    /// <summary>Creates a matcher for strings of which none is empty.</summary>
    public StopMatcher(ImmutableArray<string> stopStrings) =>
        _trie = stopStrings.IsDefaultOrEmpty ? null : new StopTrie(stopStrings);

    /// <summary>A stop string was found; what follows it is dropped.</summary>
    public bool Matched { get; private set; }

    /// <summary>Takes the next piece and gives the text that is safe to emit: up to a stop string, if one was found.</summary>
    public string Append(string piece)
    {
        if (Matched)
            return "";
        if (_trie is null)
            return piece;
        ReadOnlySpan<char> held = _trie.Prefix(_state);
        for (int i = 0; i < piece.Length; i++)
        {
            _state = _trie.Next(_state, piece[i]);
            if (_trie.MatchLength(_state) is var length and > 0)
            {
                Matched = true;
                return Join(held, piece, held.Length + i + 1 - length);
            }
        }
        return Join(held, piece, held.Length + piece.Length - _trie.Prefix(_state).Length);
    }

    /// <summary>Ends the text: gives what was held back, if no stop string was found.</summary>
    public string Flush()
    {
        if (Matched || _trie is null)
            return "";
        string held = _trie.Prefix(_state).ToString();
        _state = StopTrie.Root;
        return held;
    }

    private static string Join(ReadOnlySpan<char> held, string piece, int length)
    {
        if (length <= held.Length)
            return held[..length].ToString();
        return held.IsEmpty && length == piece.Length ? piece : string.Concat(held, piece.AsSpan(0, length - held.Length));
    }
}
