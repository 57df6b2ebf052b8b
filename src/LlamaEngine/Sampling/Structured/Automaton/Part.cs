namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>A part of a grammar: it knows which byte may follow a place, and what comes then.</summary>
/// <remarks>
/// The invariant that all parts keep: from every frame they give, a whole instance can be reached. So whoever takes only allowed bytes
/// never comes to a dead end. Immutable once a grammar is compiled, and thread-safe.
/// </remarks>
internal abstract class Part
{
    /// <summary>Any number of plain characters.</summary>
    public const int AllPlain = int.MaxValue;

    /// <summary>It is not known without trying.</summary>
    public const int UnknownPlain = -1;

    /// <summary>Adds what can stand behind one more byte; nothing where the byte is not allowed.</summary>
    public abstract void Step(Frame frame, byte next, FrameList output);

    /// <summary>Whether the value may end here though it could go on (a number).</summary>
    public virtual bool CanEnd(Frame frame) => false;

    /// <summary>
    /// How many characters that stand for themselves in a string (neither quote nor backslash nor control) may follow here, whichever
    /// they are: so many are allowed for certain, and those that go beyond are left out. Or <see cref="UnknownPlain"/>.
    /// </summary>
    public virtual int PlainRoom(Frame frame) => UnknownPlain;
}

/// <summary>A value of one kind.</summary>
internal abstract class ValuePart : Part
{
    /// <summary>
    /// Arrays and objects that may be open at once: what System.Text.Json and many other readers take. Part of the grammar, since a model
    /// that opens without end would come to no valid instance.
    /// </summary>
    public const int MaxDepth = 64;

    /// <summary>The height of what has no instance at all, or none within <see cref="MaxDepth"/>.</summary>
    public const int NoHeight = int.MaxValue / 2;

    /// <summary>Levels of arrays and objects that an instance has at least; <see cref="NoHeight"/>: there is none.</summary>
    public int Height { get; protected set; } = NoHeight;

    /// <summary>Adds what the first byte of a value leads to.</summary>
    /// <param name="parent">What follows behind the value.</param>
    public abstract void Begin(byte first, Frame parent, FrameList output);

    /// <summary>Computes <see cref="Height"/> from the parts inside; true: it has become lower.</summary>
    public abstract bool UpdateHeight();

    /// <summary>Called once when all heights are known.</summary>
    public virtual void Freeze()
    {
    }

    /// <summary>Takes a height.</summary>
    protected bool Lower(int height)
    {
        if (height > MaxDepth)
            height = NoHeight;
        bool lower = height < Height;
        Height = Math.Min(Height, height);
        return lower;
    }
}

/// <summary>The end of the whole; nothing follows, not even white space.</summary>
internal sealed class EndPart : Part
{
    /// <inheritdoc/>
    public override void Step(Frame frame, byte next, FrameList output)
    {
    }
}
