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
internal sealed partial class ObjectPart(ObjectRules rules) : ValuePart
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
            _counts.Add(value, count = NameCount.Of(rules.Keys, value, rules.Least));
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
}
