namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>null, true, false, a number, or one of some texts. A: the automaton's state.</summary>
internal sealed class ScalarPart : ValuePart
{
    private readonly ByteDfa _dfa;

    /// <summary>Creates the part of an automaton that accepts something.</summary>
    public ScalarPart(ByteDfa dfa)
    {
        _dfa = dfa;
        Height = dfa.IsEmpty ? NoHeight : 0;
    }

    /// <summary>null.</summary>
    public static ScalarPart Null { get; } = new(ByteDfa.OfWord("null"u8));

    /// <summary>true.</summary>
    public static ScalarPart True { get; } = new(ByteDfa.OfWord("true"u8));

    /// <summary>false.</summary>
    public static ScalarPart False { get; } = new(ByteDfa.OfWord("false"u8));

    /// <inheritdoc/>
    public override bool UpdateHeight() => false;

    /// <inheritdoc/>
    public override void Begin(byte first, Frame parent, FrameList output) => Enter(_dfa.Next(0, first), null, parent, output);

    /// <inheritdoc/>
    public override void Step(Frame frame, byte next, FrameList output)
    {
        int state = _dfa.Next(frame.A, next);
        if (state >= 0)
            Enter(state, frame, frame.Parent!, output);
        else if (_dfa.Accepts(frame.A))
            frame.Parent!.Part.Step(frame.Parent, next, output); // a number ends where something else begins
    }

    /// <inheritdoc/>
    public override bool CanEnd(Frame frame) => _dfa.Accepts(frame.A);

    private void Enter(int state, Frame? frame, Frame parent, FrameList output)
    {
        if (state < 0)
            return;
        if (_dfa.Ends(state))
            output.Add(parent);
        else
            output.Add(frame?.With(state, 0, 0) ?? new Frame(this, parent, parent.Depth, state));
    }
}
