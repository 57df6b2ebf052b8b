using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>A place inside a string: the automaton's state, characters so far, the <see cref="StringDecoder"/>'s state.</summary>
internal readonly record struct TextPlace(int State, int Count, int Decoder);

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
        var place = new TextPlace(frame.A, frame.B, frame.C);
        if (next == '"' && place.Decoder == 0)
        {
            if (IsAccepted(place))
                output.Add(frame.Parent!);
        }
        else if (TryStep(ref place, next))
        {
            output.Add(frame.With(place.State, place.Count, place.Decoder));
        }
    }

    /// <summary>Goes on inside the string; false: the byte is not allowed, or ends it.</summary>
    public bool TryStep(ref TextPlace place, byte next)
    {
        if (place.Decoder == 0 && next is >= 0x20 and < 0x80 and not ((byte)'"' or (byte)'\\'))
            return TryTake(ref place, next);
        var decoder = default(StringDecoder);
        switch (decoder.Read(place.Decoder, next))
        {
            case StringStep.Partial when Allows(place, decoder.First, decoder.Last) || Allows(place, decoder.OtherFirst, decoder.OtherLast):
                place = place with { Decoder = decoder.State };
                return true;
            case StringStep.Char:
                return TryTake(ref place, decoder.First);
            default:
                return false;
        }
    }

    private bool TryTake(ref TextPlace place, int value)
    {
        int state = _dfa is not null ? _dfa.Next(place.State, value) : place.Count < _most ? 0 : CharDfa.None;
        if (state < 0)
            return false;
        place = new TextPlace(state, Count(place.Count + 1), 0);
        return true;
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

    private bool IsAccepted(TextPlace place) => _dfa is null ? place.Count >= _least : _dfa.Outcome(place.State) >= 0;

    private bool Allows(TextPlace place, int first, int last) =>
        first <= last && (_dfa is null ? place.Count < _most : _dfa.AnyNext(place.State, first, last));
}
