using System.Collections.Concurrent;
using LlamaEngine.Sampling.Structured.Automaton;

namespace LlamaEngine.Sampling.Structured.Masks;

/// <summary>
/// What is known of places alone, made by whoever comes first: a thread of the pool that was asked in time, or who needs it. So that a
/// place that nobody has met is looked at while the model computes, and not while all sequences wait.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class PlaceMasks(TokenVocabulary vocabulary, long capacity)
{
    private readonly Lock _lock = new();
    private readonly BoundedCache<Frame, Lazy<PlaceMask>> _places = new(capacity);
    private readonly ConcurrentBag<MaskBuilder> _builders = [];

    /// <summary>Places that are known, or being looked at.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _places.Count;
        }
    }

    /// <summary>Has the pool look at the places of a state, unless somebody has.</summary>
    public void Prepare(GrammarState state)
    {
        bool isNew = false;
        foreach (Frame place in state.Frames)
        {
            Entry(place.Alone(), out bool isUnknown);
            isNew |= isUnknown;
        }
        if (isNew)
            ThreadPool.UnsafeQueueUserWorkItem(static work => work.Places.BuildAll(work.State), (Places: this, State: state), preferLocal: false);
    }

    /// <summary>The tokens that may follow a place inside what is around it.</summary>
    public ulong[] Mask(Frame place)
    {
        PlaceMask alone = Entry(place.Alone(), out _).Value;
        return alone.Exits.Length == 0 ? alone.Tokens : Build(builder => builder.Complete(alone, place));
    }

    private void BuildAll(GrammarState state)
    {
        try
        {
            foreach (Frame place in state.Frames)
                _ = Entry(place.Alone(), out _).Value;
        }
#pragma warning disable CA1031 // Nobody is here to catch; who needs the place hears of it there.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private Lazy<PlaceMask> Entry(Frame alone, out bool isNew)
    {
        lock (_lock)
        {
            isNew = !_places.TryGet(alone, out Lazy<PlaceMask> entry);
            if (isNew)
                _places.Add(alone, entry = new Lazy<PlaceMask>(() => Build(builder => builder.Build(alone))));
            return entry;
        }
    }

    private T Build<T>(Func<MaskBuilder, T> build)
    {
        if (!_builders.TryTake(out MaskBuilder? builder))
            builder = new MaskBuilder(vocabulary);
        T result = build(builder);
        _builders.Add(builder);
        return result;
    }
}
