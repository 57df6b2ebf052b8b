namespace LlamaEngine.Templates.Jinja;

/// <summary>A list, tuple or dictionary: immutable, as the sandbox demands, hence free of cycles and of known size.</summary>
internal abstract class Container
{
    /// <summary>Elements of all levels; see <see cref="Jinja.Weight"/>.</summary>
    public long Weight { get; protected init; }

    /// <summary>1 for a container of scalars, 2 for one of those, …</summary>
    public int Nesting { get; protected init; }
}

/// <summary>Python's types that hold elements in order.</summary>
internal enum SequenceKind
{
    List,
    Tuple,
    DictKeys,
    DictValues,
    DictItems,
}

/// <summary>A Python list or tuple, or a view on a dictionary.</summary>
internal sealed class Sequence : Container
{
    public Sequence(SequenceKind kind, IReadOnlyList<object?> items)
    {
        Kind = kind;
        Items = items;
        (Weight, Nesting) = Jinja.Weight.OfContainer(items);
    }

    public static Sequence EmptyList { get; } = new(SequenceKind.List, []);

    public SequenceKind Kind { get; }

    public IReadOnlyList<object?> Items { get; }

    /// <summary>Names of the elements, of those tuples that have them (those of <c>groupby</c>).</summary>
    public IReadOnlyList<string> FieldNames { get; init; } = [];

    public int Count => Items.Count;

    /// <summary>Lists and tuples can be indexed, sliced, added and compared; views cannot.</summary>
    public bool IsIndexable => Kind is SequenceKind.List or SequenceKind.Tuple;

    public static Sequence List(params IReadOnlyList<object?> items) => new(SequenceKind.List, items);

    public static Sequence Tuple(params IReadOnlyList<object?> items) => new(SequenceKind.Tuple, items);
}

/// <summary>A Python dictionary; keeps the order of insertion.</summary>
internal sealed class Mapping : Container
{
    private readonly OrderedDictionary<Key, object?> _entries;

    /// <summary>Takes the entries over; the caller must not change them any more.</summary>
    public Mapping(OrderedDictionary<Key, object?> entries)
    {
        _entries = entries;
        (Weight, Nesting) = Jinja.Weight.OfContainer(entries.Keys.Select(key => key.Value).Concat(entries.Values));
    }

    public int Count => _entries.Count;

    public IEnumerable<object?> Keys => _entries.Keys.Select(key => key.Value);

    public IEnumerable<object?> Values => _entries.Values;

    public IEnumerable<KeyValuePair<object?, object?>> Entries =>
        _entries.Select(entry => KeyValuePair.Create(entry.Key.Value, entry.Value));

    /// <summary>The entries, to begin another dictionary with.</summary>
    public OrderedDictionary<Key, object?> Copy() => new(_entries);

    /// <summary>Looks a key up.</summary>
    /// <exception cref="ChatTemplateException">The key is not hashable.</exception>
    public bool TryGet(object? key, out object? value) => _entries.TryGetValue(Key.Of(key), out value);
}
