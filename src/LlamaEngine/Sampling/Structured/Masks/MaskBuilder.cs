using LlamaEngine.Sampling.Structured.Automaton;

namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>Finds the tokens that may follow a place in a grammar: walks the vocabulary's tree as far as the grammar goes along.</summary>
/// <remarks>Room that is used again and again; not thread-safe.</remarks>
internal sealed class MaskBuilder(TokenVocabulary vocabulary)
{
    private readonly FrameList[] _levels = [.. Enumerable.Range(0, vocabulary.All.Depth + 1).Select(_ => new FrameList())];
    private readonly TextPlace[] _places = new TextPlace[vocabulary.All.Depth + 1];

    /// <summary>Sets the bits of the tokens that may follow.</summary>
    public void Build(Frame frame, Span<ulong> mask)
    {
        mask.Clear();
        int room = frame.Part.PlainRoom(frame);
        if (room != Part.UnknownPlain)
            vocabulary.PlainMask(room).CopyTo(mask);
        else if (frame.Part is StringPart text)
            WalkInside(vocabulary.Plain, text, new TextPlace(frame.A, frame.B, frame.C), mask);
        else
            Walk(vocabulary.Plain, frame, mask);
        Walk(vocabulary.NotPlain, frame, mask);
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

    private void Walk(TokenTrie trie, Frame start, Span<ulong> mask)
    {
        _levels[0].Clear();
        _levels[0].Add(start);
        for (int node = 0; node < trie.Count;)
        {
            int depth = trie.DepthOf(node);
            FrameList next = _levels[depth + 1];
            next.Clear();
            byte value = trie.Byte(node);
            foreach (Frame frame in _levels[depth].Frames)
                frame.Part.Step(frame, value, next);
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
}
