using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Automaton;

/// <content>Inside a name: which characters may come, and what the name is when it ends.</content>
internal sealed partial class ObjectPart
{
    /// <summary>
    /// UTF-16 units after which a name that the schema does not name ends as soon as it can: a model that goes on with a name for ever would
    /// come to no end, and a place remembers the whole name.
    /// </summary>
    public const int MaxFreeName = 256;

    /// <inheritdoc/>
    public override int PlainRoom(Frame frame)
    {
        if (frame.A != InKey || frame.C != 0 || !IsOpen(frame))
            return UnknownPlain;
        int room = (MaxFreeName - frame.Key!.Length) / 2; // a character has two units at most
        return room > 0 ? room : UnknownPlain;
    }

    private void StepKey(Frame frame, byte next, FrameList output)
    {
        var decoder = default(StringDecoder);
        switch (decoder.Read(frame.C, next))
        {
            case StringStep.Quote:
                EndKey(frame, output);
                break;
            case StringStep.Partial when Reaches(frame, decoder.First, decoder.Last) || Reaches(frame, decoder.OtherFirst, decoder.OtherLast):
                output.Add(frame.With(InKey, frame.B, decoder.State));
                break;
            case StringStep.Char when Reaches(frame, decoder.First, decoder.First):
                string? key = frame.Key is null ? null : frame.Key + char.ConvertFromUtf32(decoder.First);
                output.Add(new Frame(this, frame.Parent, frame.Depth, InKey, _keys.Dfa.Next(frame.B, decoder.First), 0, frame.Names, key));
                break;
        }
    }

    private void EndKey(Frame frame, FrameList output)
    {
        int outcome = _keys.Dfa.Outcome(frame.B);
        NameSet names;
        if (IsFreeName(frame, outcome))
            names = NameSet.Add(frame.Names, frame.Key!, _keys.Words);
        else if (IsNewName(frame, outcome))
            names = NameSet.Add(frame.Names, outcome, _keys.Words);
        else
            return;
        output.Add(new Frame(this, frame.Parent, frame.Depth, AfterKey, outcome, 0, names));
    }

    private bool IsNewName(Frame frame, int outcome)
    {
        if (outcome < 0 || !_keys.IsNamed(outcome) || _keys.Value(outcome).Height > Room(frame))
            return false;
        bool taken = frame.Names is not null && (frame.Names.Word(outcome >> 6) >> outcome & 1) != 0;
        return !taken && (IsRequired(outcome) || !OnlyRequired(frame));
    }

    private bool IsFreeName(Frame frame, int outcome)
    {
        if (outcome < 0 || _keys.IsNamed(outcome) || _keys.Value(outcome).Height > Room(frame) || OnlyRequired(frame))
            return false;
        return frame.Names is null || frame.Names.Others.BinarySearch(frame.Key!, StringComparer.Ordinal) < 0;
    }

    // Every text is the beginning of a name that is not taken yet.
    private bool IsOpen(Frame frame) => _keys.OpenHeight <= Room(frame) && !OnlyRequired(frame);

    // It is a name as it stands, and goes on only where that leads to one of the schema's.
    private bool IsLongEnough(Frame frame) => frame.Key is { Length: >= MaxFreeName } && IsFreeName(frame, _keys.Dfa.Outcome(frame.B));

    // Whether a character of the interval can be part of a name that may still come.
    private bool Reaches(Frame frame, int first, int last)
    {
        bool mayGrow = !IsLongEnough(frame);
        if (first > last || (mayGrow && IsOpen(frame)))
            return first <= last;
        foreach (CharRange range in _keys.Dfa.Ranges(frame.B))
        {
            if (range.First <= last && first <= range.Last && ReachesNamed(frame, range.Target))
                return true;
        }
        return mayGrow && ReachesFree(frame, first, last);
    }

    private bool ReachesNamed(Frame frame, int state)
    {
        Span<ulong> wanted = _keys.Words <= 16 ? stackalloc ulong[_keys.Words] : new ulong[_keys.Words];
        bool only = OnlyRequired(frame);
        for (int word = 0; word < wanted.Length; word++)
            wanted[word] = (only ? rules.Required[word] : ulong.MaxValue) & ~(frame.Names?.Word(word) ?? 0);
        return _keys.ReachesNamed(state, Room(frame), wanted);
    }

    private bool ReachesFree(Frame frame, int first, int last)
    {
        if (!_keys.HasFree || OnlyRequired(frame))
            return false;
        var taken = new List<string>();
        foreach (string name in frame.Names is null ? [] : frame.Names.Others)
        {
            if (name.StartsWith(frame.Key!, StringComparison.Ordinal))
                taken.Add(name);
        }
        return _keys.ReachesFree(frame.B, first, last, Room(frame), taken, frame.Key!.Length);
    }
}
