namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>Frames that are possible side by side; each once, in the order in which they were found.</summary>
/// <remarks>Room that is used again and again; not thread-safe.</remarks>
internal sealed class FrameList
{
    /// <summary>
    /// Most alternatives that are followed at once. Those beyond are dropped, always the same ones: fewer instances can be
    /// generated then, but every one of them is valid, and none that was begun cannot be ended.
    /// </summary>
    public const int Capacity = 512;

    private Frame[] _frames = new Frame[8];

    /// <summary>How many.</summary>
    public int Count { get; private set; }

    /// <summary>All of them.</summary>
    public ReadOnlySpan<Frame> Frames => _frames.AsSpan(0, Count);

    /// <summary>What was looked at alone goes on in what is around it.</summary>
    public bool HasLeft { get; set; }

    /// <summary>Takes all out.</summary>
    public void Clear() => (Count, HasLeft) = (0, false);

    /// <summary>Puts one in that is not there yet.</summary>
    public void Add(Frame frame)
    {
        if (Count == Capacity)
            return;
        for (int i = 0; i < Count; i++)
        {
            if (_frames[i].Equals(frame))
                return;
        }
        if (Count == _frames.Length)
            Array.Resize(ref _frames, Count * 2);
        _frames[Count++] = frame;
    }
}
