namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>A value is about to begin, of one of several kinds. A: white space so far.</summary>
internal sealed class Node : Part
{
    private ValuePart[] _parts = [];

    /// <summary>The least height of its parts.</summary>
    public int Height { get; private set; } = ValuePart.NoHeight;

    /// <summary>What the value can be.</summary>
    public ValuePart[] Parts
    {
        get => _parts;
        set => _parts = value;
    }

    /// <summary>Computes <see cref="Height"/>; true: it has become lower.</summary>
    public bool UpdateHeight()
    {
        bool changed = false;
        foreach (ValuePart part in _parts)
            changed |= part.UpdateHeight();
        int height = _parts.Length == 0 ? ValuePart.NoHeight : _parts.Min(part => part.Height);
        changed |= height < Height;
        Height = height;
        return changed;
    }

    /// <summary>Called once when all heights are known: what has no instance goes.</summary>
    public void Freeze()
    {
        _parts = Array.FindAll(_parts, part => part.Height < ValuePart.NoHeight);
        foreach (ValuePart part in _parts)
            part.Freeze();
    }

    /// <summary>Whether there is a value that fits into so many open arrays and objects.</summary>
    public bool Fits(int depth) => depth + Height <= ValuePart.MaxDepth;

    /// <summary>The place where the value begins.</summary>
    public Frame Expect(Frame parent) => new(this, parent, parent.Depth);

    /// <inheritdoc/>
    public override void Step(Frame frame, byte next, FrameList output)
    {
        int space = WhiteSpace.Next(frame.A, next, frame.Depth);
        if (space >= 0)
            output.Add(frame.With(space, 0, 0));
        else
            Begin(next, frame.Parent!, output);
    }

    /// <summary>Adds what the first byte of the value leads to.</summary>
    public void Begin(byte first, Frame parent, FrameList output)
    {
        foreach (ValuePart part in _parts)
        {
            if (parent.Depth + part.Height <= ValuePart.MaxDepth)
                part.Begin(first, parent, output);
        }
    }
}
