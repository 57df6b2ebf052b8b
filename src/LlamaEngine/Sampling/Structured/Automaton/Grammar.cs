using System.Text;

namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>A compiled form: an automaton over bytes that accepts a schema's instances as JSON text, or some texts as they are.</summary>
/// <remarks>Immutable and thread-safe.</remarks>
internal sealed class Grammar
{
    /// <summary>Creates the grammar of a frozen node that has instances.</summary>
    /// <param name="cost">Units of work that compiling it took; its memory grows with them.</param>
    public Grammar(Node root, int cost = 0)
    {
        Cost = cost;
        var end = new Frame(new EndPart(), null, 0);
        Start = new GrammarState([root.Expect(end)]);
    }

    /// <summary>The grammar of some texts, none of them empty.</summary>
    public static Grammar OfTexts(IReadOnlyList<string> texts)
    {
        ByteDfa dfa = ByteDfa.OfWords([.. texts.Select(Encoding.UTF8.GetBytes)]);
        var end = new Frame(new EndPart(), null, 0);
        return new Grammar(new GrammarState([new Frame(new ScalarPart(dfa), end, 0)])) { Cost = dfa.States };
    }

    /// <summary>Creates what is left of a grammar behind a state.</summary>
    public Grammar(GrammarState start) => Start = start;

    /// <summary>Nothing was read.</summary>
    public GrammarState Start { get; }

    /// <summary>Units of work that compiling it took.</summary>
    public int Cost { get; private init; }

    /// <summary>The state behind some bytes; null: they are not allowed.</summary>
    /// <param name="room">Room to work in.</param>
    public static GrammarState? Advance(GrammarState state, ReadOnlySpan<byte> bytes, (FrameList From, FrameList To) room)
    {
        (FrameList from, FrameList to) = room;
        from.Clear();
        foreach (Frame frame in state.Frames)
            from.Add(frame);
        foreach (byte next in bytes)
        {
            to.Clear();
            foreach (Frame frame in from.Frames)
                frame.Part.Step(frame, next, to);
            (from, to) = (to, from);
        }
        if (from.Frames.SequenceEqual(state.Frames))
            return state;
        return from.Count == 0 ? null : new GrammarState(from.Frames.ToArray());
    }

    /// <summary>Whether a whole text is an instance.</summary>
    public bool Accepts(ReadOnlySpan<byte> text) => Advance(Start, text, (new FrameList(), new FrameList())) is { IsComplete: true };
}

/// <summary>Everything that is possible behind some bytes: frames side by side.</summary>
/// <remarks>Immutable and thread-safe; equal by value.</remarks>
internal sealed class GrammarState : IEquatable<GrammarState>
{
    private readonly Frame[] _frames;
    private readonly int _hash;

    /// <summary>Creates a state; the array becomes its own.</summary>
    public GrammarState(Frame[] frames)
    {
        _frames = frames;
        var hash = new HashCode();
        foreach (Frame frame in frames)
        {
            hash.Add(frame);
            IsComplete |= Ends(frame);
            IsClosed |= frame.Part is EndPart;
        }
        IsClosed &= frames.Length == 1;
        _hash = hash.ToHashCode();
    }

    /// <summary>The frames.</summary>
    public ReadOnlySpan<Frame> Frames => _frames;

    /// <summary>What was read is an instance.</summary>
    public bool IsComplete { get; }

    /// <summary>What was read is an instance, and nothing may follow.</summary>
    public bool IsClosed { get; }

    /// <inheritdoc/>
    public bool Equals(GrammarState? other) =>
        ReferenceEquals(this, other) || (other is not null && _hash == other._hash && _frames.AsSpan().SequenceEqual(other._frames));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as GrammarState);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;

    private static bool Ends(Frame frame) => frame.Part is EndPart || (frame.Part.CanEnd(frame) && frame.Parent!.Part is EndPart);
}
