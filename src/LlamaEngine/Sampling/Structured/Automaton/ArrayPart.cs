namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>An array. A: whether an item stands before this place; B: items so far, as far as they matter; C: white space.</summary>
internal sealed class ArrayPart : ValuePart
{
    private const int Opened = 0, AfterItem = 1;

    private readonly Node[] _items;
    private readonly int _least, _most, _matters;

    /// <summary>Creates the part.</summary>
    /// <param name="items">The first items; the last node holds for all behind them.</param>
    public ArrayPart(Node[] items, int least, int most)
    {
        (_items, _least, _most) = (items, least, most);
        _matters = most == int.MaxValue ? Math.Max(items.Length, least) : most;
    }

    /// <inheritdoc/>
    public override bool UpdateHeight()
    {
        if (_least > _most)
            return false;
        int height = 0;
        for (int i = 0; i < Math.Min(_least, _items.Length); i++)
            height = Math.Max(height, _items[i].Height);
        return Lower(height + 1);
    }

    /// <inheritdoc/>
    public override void Begin(byte first, Frame parent, FrameList output)
    {
        if (first == '[')
            output.Add(new Frame(this, parent, parent.Depth + 1));
    }

    /// <inheritdoc/>
    public override void Step(Frame frame, byte next, FrameList output)
    {
        int space = WhiteSpace.Next(frame.C, next, frame.Depth);
        if (space >= 0)
        {
            output.Add(frame.With(frame.A, frame.B, space));
        }
        else if (next == ']')
        {
            if (frame.B >= _least)
                output.Add(frame.Parent!);
        }
        else if (frame.B < _most && Item(frame.B).Fits(frame.Depth))
        {
            Frame after = new(this, frame.Parent, frame.Depth, AfterItem, Math.Min(frame.B + 1, _matters));
            if (frame.A == Opened)
                Item(frame.B).Begin(next, after, output);
            else if (next == ',')
                output.Add(Item(frame.B).Expect(after));
        }
    }

    private Node Item(int index) => _items[Math.Min(index, _items.Length - 1)];
}
