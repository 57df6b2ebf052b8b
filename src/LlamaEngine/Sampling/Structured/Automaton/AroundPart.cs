namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>Stands for whatever is around a place while that is looked at alone: where the walk leaves the place, this says so.</summary>
internal sealed class AroundPart : Part
{
    private static readonly AroundPart s_part = new();

    private static readonly Frame[] s_frames = [.. Enumerable.Range(0, ValuePart.MaxDepth + 1).Select(depth => new Frame(s_part, null, depth))];

    private AroundPart()
    {
    }

    /// <summary>What is around a place, inside so many open arrays and objects.</summary>
    public static Frame At(int depth) => s_frames[depth];

    /// <inheritdoc/>
    public override void Step(Frame frame, byte next, FrameList output) => output.HasLeft = true;
}
