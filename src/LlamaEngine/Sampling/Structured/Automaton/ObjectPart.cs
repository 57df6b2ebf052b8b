using System.Numerics;
using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>What an object's schema says about its properties.</summary>
/// <param name="Keys">Outcomes are indices into <paramref name="Values"/>.</param>
/// <param name="Values">Of the named properties, then of the classes of other names.</param>
/// <param name="Names">How many are named.</param>
/// <param name="Required">Bits of the named ones that must be there.</param>
/// <param name="Least">Least properties.</param>
/// <param name="Most">Most properties.</param>
internal sealed record ObjectRules(CharDfa Keys, Node[] Values, int Names, ulong[] Required, int Least, int Most);

/// <summary>
/// An object; its properties come in any order, none twice. A: the phase; B: inside a name the automaton's state, behind it the value's
/// index; C: white space, or inside a name the <see cref="StringDecoder"/>'s state.
/// </summary>
internal sealed class ObjectPart(ObjectRules rules) : ValuePart
{
    private const int Opened = 0, InKey = 1, AfterKey = 2, AfterValue = 3, AfterComma = 4;

    private readonly int _required = rules.Required.Sum(word => BitOperations.PopCount(word));
    private readonly Dictionary<int, int> _counts = [];
    private KeyTable _keys = null!;

    /// <inheritdoc/>
    public override bool UpdateHeight()
    {
        if (rules.Least > rules.Most || _required > rules.Most)
            return false;
        int height = 0;
        for (int name = 0; name < rules.Names; name++)
        {
            if (IsRequired(name))
                height = Math.Max(height, rules.Values[name].Height);
        }
        return Lower(Math.Max(height, HeightOfOthers(rules.Least - _required)) + 1);
    }

    /// <inheritdoc/>
    public override void Freeze() => _keys = new KeyTable(rules.Keys, rules.Values, rules.Names);

    /// <inheritdoc/>
    public override void Begin(byte first, Frame parent, FrameList output)
    {
        if (first == '{')
            output.Add(new Frame(this, parent, parent.Depth + 1));
    }

    /// <inheritdoc/>
    public override void Step(Frame frame, byte next, FrameList output)
    {
        if (frame.A == InKey)
        {
            StepKey(frame, next, output);
            return;
        }
        int space = WhiteSpace.Next(frame.C, next, frame.Depth);
        if (space >= 0)
            output.Add(frame.With(frame.A, frame.B, space));
        else if (next == '}' && (frame.A is Opened or AfterValue))
            Close(frame, output);
        else if (next == '"' && (frame.A == AfterComma || (frame.A == Opened && CanAdd(frame))))
            output.Add(new Frame(this, frame.Parent, frame.Depth, InKey, 0, 0, frame.Names, _keys.HasFree ? "" : null));
        else if (next == ',' && frame.A == AfterValue && CanAdd(frame))
            output.Add(new Frame(this, frame.Parent, frame.Depth, AfterComma, 0, 0, frame.Names));
        else if (next == ':' && frame.A == AfterKey)
            output.Add(_keys.Value(frame.B).Expect(new Frame(this, frame.Parent, frame.Depth, AfterValue, 0, 0, frame.Names)));
    }

    /// <inheritdoc/>
    public override int PlainRoom(Frame frame) =>
        frame.A == InKey && frame.C == 0 && IsOpen(frame) ? AllPlain : UnknownPlain;

    // Every text is the beginning of a name that is not taken yet.
    private bool IsOpen(Frame frame) => _keys.OpenHeight <= Room(frame) && !OnlyRequired(frame);

    private static int Room(Frame frame) => MaxDepth - frame.Depth;

    private bool IsRequired(int name) => (rules.Required[name >> 6] >> name & 1) != 0;

    // The lowest values that make up the number of properties, besides the required ones.
    private int HeightOfOthers(int missing)
    {
        if (missing <= 0)
            return 0;
        var heights = new List<(int Height, int Count)>();
        for (int value = 0; value < rules.Values.Length; value++)
        {
            if (rules.Values[value].Height < NoHeight && (value >= rules.Names || !IsRequired(value)))
                heights.Add((rules.Values[value].Height, value < rules.Names ? 1 : CountNames(value)));
        }
        foreach ((int height, int count) in heights.Order())
        {
            missing -= count;
            if (missing <= 0)
                return height;
        }
        return NoHeight;
    }

    private int CountNames(int value)
    {
        if (!_counts.TryGetValue(value, out int count))
            _counts.Add(value, count = KeyTable.CountNames(rules.Keys, value, rules.Least));
        return count;
    }

    private int MissingRequired(NameSet? names)
    {
        int missing = _required;
        for (int word = 0; names is not null && word < rules.Required.Length; word++)
            missing -= BitOperations.PopCount(rules.Required[word] & names.Word(word));
        return missing;
    }

    private bool OnlyRequired(Frame frame) => rules.Most - (frame.Names?.Count ?? 0) <= MissingRequired(frame.Names);

    private void Close(Frame frame, FrameList output)
    {
        if ((frame.Names?.Count ?? 0) >= rules.Least && MissingRequired(frame.Names) == 0)
            output.Add(frame.Parent!);
    }

    private bool CanAdd(Frame frame)
    {
        if ((frame.Names?.Count ?? 0) >= rules.Most || IsOpen(frame))
            return (frame.Names?.Count ?? 0) < rules.Most;
        var probe = new Frame(this, frame.Parent, frame.Depth, InKey, 0, 0, frame.Names, "");
        return ReachesNamed(probe, 0) || IsFreeName(probe, _keys.Dfa.Outcome(0)) || ReachesFree(probe, 0, CharDfa.LastChar);
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

    // Whether a character of the interval can be part of a name that may still come.
    private bool Reaches(Frame frame, int first, int last)
    {
        if (first > last || IsOpen(frame))
            return first <= last;
        foreach (CharRange range in _keys.Dfa.Ranges(frame.B))
        {
            if (range.First <= last && first <= range.Last && ReachesNamed(frame, range.Target))
                return true;
        }
        return ReachesFree(frame, first, last);
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
