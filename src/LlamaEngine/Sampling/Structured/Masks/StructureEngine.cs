using LlamaEngine.Sampling.Structured.Automaton;

namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>
/// What the requests of an engine with a grammar share: the vocabulary, the masks of places and the ways between states. So a schema that comes
/// often costs look-ups only.
/// </summary>
/// <remarks>Belongs to the engine's loop thread, but for the vocabulary, which is immutable.</remarks>
internal sealed class StructureEngine(TokenVocabulary vocabulary)
{
    private const long MaskBytes = 64L << 20;
    private const int MaxWays = 20_000;

    private readonly BoundedCache<Frame, ulong[]> _masks = new((int)Math.Clamp(MaskBytes / 2 / (8L * vocabulary.Words), 16, 50_000));
    private readonly BoundedCache<Way, GrammarState?> _ways = new(MaxWays);
    private readonly MaskBuilder _builder = new(vocabulary);
    private readonly FrameList _from = new(), _to = new();

    private readonly ulong[] _union = new ulong[vocabulary.Words];

    /// <summary>Room for a mask that is put together of others.</summary>
    public Span<ulong> Union => _union;

    /// <summary>The tokens.</summary>
    public TokenVocabulary Vocabulary => vocabulary;

    /// <summary>The tokens that may follow a place.</summary>
    public ReadOnlySpan<ulong> Mask(Frame frame)
    {
        if (!_masks.TryGet(frame, out ulong[] mask))
        {
            mask = new ulong[vocabulary.Words];
            _builder.Build(frame, mask);
            _masks.Add(frame, mask);
        }
        return mask;
    }

    /// <summary>The state behind a token; null: it is not allowed.</summary>
    public GrammarState? Advance(GrammarState state, int token)
    {
        var way = new Way(state, token);
        if (_ways.TryGet(way, out GrammarState? next))
            return next;
        ReadOnlySpan<byte> bytes = vocabulary.Bytes(token);
        next = bytes.IsEmpty ? null : Grammar.Advance(state, bytes, (_from, _to));
        _ways.Add(way, next);
        return next;
    }

    private readonly record struct Way(GrammarState State, int Token);
}
