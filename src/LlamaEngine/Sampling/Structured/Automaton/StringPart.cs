using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>A string. A: the automaton's state; B: characters so far; C: the <see cref="StringDecoder"/>'s state.</summary>
internal sealed class StringPart : ValuePart
{
    private readonly CharDfa? _dfa;
    private readonly int _least, _most;
    private readonly bool _isOpen;

    /// <summary>A string that an automaton accepts.</summary>
    public StringPart(CharDfa dfa)
    {
        (_dfa, _most) = (dfa, int.MaxValue);
        _isOpen = CharDfas.IsOpen(dfa);
        Height = dfa.IsEmpty ? NoHeight : 0;
    }

    /// <summary>A string of so many code points.</summary>
    public StringPart(int least, int most)
    {
        (_least, _most) = (least, most);
        Height = least <= most ? 0 : NoHeight;
    }

    /// <inheritdoc/>
    public override bool UpdateHeight() => false;

    /// <inheritdoc/>
    public override void Begin(byte first, Frame parent, FrameList output)
    {
        if (first == '"')
            output.Add(new Frame(this, parent, parent.Depth));
    }

    /// <inheritdoc/>
    public override void Step(Frame frame, byte next, FrameList output)
    {
        var decoder = default(StringDecoder);
        switch (decoder.Read(frame.C, next))
        {
            case StringStep.Quote when IsAccepted(frame):
                output.Add(frame.Parent!);
                break;
            case StringStep.Partial when Allows(frame, decoder.First, decoder.Last) || Allows(frame, decoder.OtherFirst, decoder.OtherLast):
                output.Add(frame.With(frame.A, frame.B, decoder.State));
                break;
            case StringStep.Char when Allows(frame, decoder.First, decoder.First):
                output.Add(frame.With(_dfa?.Next(frame.A, decoder.First) ?? 0, Count(frame.B + 1), 0));
                break;
        }
    }

    /// <inheritdoc/>
    public override int PlainRoom(Frame frame)
    {
        if (frame.C != 0)
            return UnknownPlain;
        if (_dfa is not null)
            return _isOpen ? AllPlain : UnknownPlain;
        return _most == int.MaxValue ? AllPlain : _most - frame.B;
    }

    // Without an upper bound it is enough to know that the lower one is met.
    private int Count(int count) => _dfa is not null ? 0 : _most == int.MaxValue ? Math.Min(count, _least) : count;

    private bool IsAccepted(Frame frame) => _dfa is null ? frame.B >= _least : _dfa.Outcome(frame.A) >= 0;

    private bool Allows(Frame frame, int first, int last) =>
        first <= last && (_dfa is null ? frame.B < _most : _dfa.AnyNext(frame.A, first, last));
}
