using LlamaEngine.Sampling.Structured.Automaton;

namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>
/// What the requests of an engine with a grammar share: the vocabulary, the masks of places and the ways between states. So a schema that comes
/// often costs look-ups only.
/// </summary>
/// <remarks>Belongs to the engine's loop thread, but for the vocabulary and for <see cref="Prepare(GrammarState)"/>, which are thread-safe.</remarks>
internal sealed class StructureEngine
{
    // Of places alone, and of those inside what is around them.
    private const long MaskBytes = 32L << 20;
    private const int MaxWays = 20_000;

    private readonly PlaceMasks _places;
    private readonly BoundedCache<Frame, ulong[]> _masks;
    private readonly BoundedCache<Way, GrammarState?> _ways = new(MaxWays);
    private readonly FrameList _from = new(), _to = new();
    private readonly ulong[] _union;

    /// <summary>Begins with empty caches.</summary>
    public StructureEngine(TokenVocabulary vocabulary)
    {
        long capacity = Math.Clamp(MaskBytes / 2 / (8L * vocabulary.Words), 16, 50_000);
        Vocabulary = vocabulary;
        _places = new PlaceMasks(vocabulary, capacity);
        _masks = new(capacity);
        _union = new ulong[vocabulary.Words];
    }

    /// <summary>Room for a mask that is put together of others.</summary>
    public Span<ulong> Union => _union;

    /// <summary>The tokens.</summary>
    public TokenVocabulary Vocabulary { get; }

    /// <summary>Places that are known alone, or being looked at.</summary>
    public int KnownPlaces => _places.Count;

    /// <summary>The tokens that may follow a place.</summary>
    public ReadOnlySpan<ulong> Mask(Frame frame)
    {
        if (!_masks.TryGet(frame, out ulong[] mask))
            _masks.Add(frame, mask = _places.Mask(frame));
        return mask;
    }

    /// <summary>Has masks made that will be needed, on the thread pool; those that are not ready then are made by who needs them. Thread-safe.</summary>
    public void Prepare(GrammarState state) => _places.Prepare(state);

    /// <summary>Has the masks made that will be needed behind a token.</summary>
    public void Prepare(GrammarState state, int token)
    {
        if (Advance(state, token) is not { } next)
            return;
        foreach (Frame frame in next.Frames)
        {
            if (_masks.TryGet(frame, out _))
                continue;
            _places.Prepare(next);
            return;
        }
    }

    /// <summary>The state behind a token; null: it is not allowed.</summary>
    public GrammarState? Advance(GrammarState state, int token)
    {
        var way = new Way(state, token);
        if (_ways.TryGet(way, out GrammarState? next))
            return next;
        ReadOnlySpan<byte> bytes = Vocabulary.Bytes(token);
        next = bytes.IsEmpty ? null : Grammar.Advance(state, bytes, (_from, _to));
        _ways.Add(way, next);
        return next;
    }

    private readonly record struct Way(GrammarState State, int Token);
}
