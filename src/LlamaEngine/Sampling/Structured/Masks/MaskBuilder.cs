using LlamaEngine.Sampling.Structured.Automaton;

namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>Finds the tokens that may follow a place in a grammar: walks the vocabulary's tree as far as the grammar goes along.</summary>
/// <remarks>Room that is used again and again; not thread-safe.</remarks>
internal sealed class MaskBuilder(TokenVocabulary vocabulary)
{
    private readonly FrameList[] _levels = [.. Enumerable.Range(0, vocabulary.All.Depth + 1).Select(_ => new FrameList())];
    private readonly TextPlace[] _places = new TextPlace[vocabulary.All.Depth + 1];
    private readonly List<TrieExit> _exits = [];

    /// <summary>Finds what can be said of a place alone (<see cref="Frame.Alone"/>).</summary>
    public PlaceMask Build(Frame place)
    {
        var mask = new ulong[vocabulary.Words];
        _exits.Clear();
        int room = place.Part.PlainRoom(place);
        if (room != Part.UnknownPlain)
            vocabulary.PlainMask(room).CopyTo(mask);
        else if (place.Part is StringPart text)
            WalkInside(vocabulary.Plain, text, new TextPlace(place.A, place.B, place.C), mask);
        else
            Walk(new TrieExit(vocabulary.Plain, 0, vocabulary.Plain.Count), place, mask);
        Walk(new TrieExit(vocabulary.NotPlain, 0, vocabulary.NotPlain.Count), place, mask);
        return new PlaceMask(mask, [.. _exits]);
    }

    /// <summary>The tokens that may follow a place inside what is around it.</summary>
    /// <param name="alone">What was found of the place alone.</param>
    public ulong[] Complete(PlaceMask alone, Frame place)
    {
        if (alone.Exits.Length == 0)
            return alone.Tokens;
        var mask = (ulong[])alone.Tokens.Clone();
        foreach (TrieExit exit in alone.Exits)
            Walk(exit, place.Parent!, mask);
        return mask;
    }

    // A plain token does not leave the string: numbers are enough, no frames need be made.
    private void WalkInside(TokenTrie trie, StringPart text, TextPlace start, Span<ulong> mask)
    {
        _places[0] = start;
        for (int node = 0; node < trie.Count;)
        {
            int depth = trie.DepthOf(node);
            TextPlace place = _places[depth];
            if (!text.TryStep(ref place, trie.Byte(node)))
            {
                node = trie.End(node);
                continue;
            }
            _places[depth + 1] = place;
            foreach (int token in trie.Tokens(node))
                mask[token >> 6] |= 1UL << token;
            node++;
        }
    }

    private void Walk(TrieExit part, Frame start, Span<ulong> mask)
    {
        TokenTrie trie = part.Trie;
        FrameList first = _levels[part.Start < trie.Count ? trie.DepthOf(part.Start) : 0];
        first.Clear();
        first.Add(start);
        for (int node = part.Start; node < part.End;)
        {
            int depth = trie.DepthOf(node);
            FrameList next = _levels[depth + 1];
            next.Clear();
            byte value = trie.Byte(node);
            foreach (Frame frame in _levels[depth].Frames)
                frame.Part.Step(frame, value, next);
            if (next.HasLeft)
                AddExit(trie, node);
            if (next.Count == 0)
            {
                node = trie.End(node);
                continue;
            }
            foreach (int token in trie.Tokens(node))
                mask[token >> 6] |= 1UL << token;
            node++;
        }
    }

    private void AddExit(TokenTrie trie, int node)
    {
        if (_exits.Count > 0 && _exits[^1] is var last && last.Trie == trie && last.End == node && trie.DepthOf(last.Start) == trie.DepthOf(node))
            _exits[^1] = last with { End = trie.End(node) };
        else
            _exits.Add(new TrieExit(trie, node, trie.End(node)));
    }
}
