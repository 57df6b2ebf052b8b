namespace LlamaEngine.Templates.Jinja;

/// <summary>The methods of Python's <c>dict</c> that leave it as it is.</summary>
internal static class DictMethods
{
    public static Func<Mapping, Arguments, object?>? Find(string name) => name switch
    {
        "get" => Get,
        "items" => (mapping, arguments) => View(SequenceKind.DictItems, Items(mapping), arguments),
        "keys" => (mapping, arguments) => View(SequenceKind.DictKeys, mapping.Keys, arguments),
        "values" => (mapping, arguments) => View(SequenceKind.DictValues, mapping.Values, arguments),
        "copy" => (mapping, arguments) => Copy(mapping, arguments),
        _ => null,
    };

    /// <summary>The entries as tuples of key and value.</summary>
    public static IEnumerable<object?> Items(Mapping mapping) => mapping.Entries.Select(entry => Sequence.Tuple(entry.Key, entry.Value));

    private static object? Get(Mapping mapping, Arguments arguments)
    {
        object? key = arguments.Next("key");
        object? fallback = arguments.Next("default", null);
        arguments.End();
        return mapping.TryGet(key, out object? value) ? value : fallback;
    }

    private static Sequence View(SequenceKind kind, IEnumerable<object?> items, Arguments arguments)
    {
        arguments.End();
        return new Sequence(kind, [.. items]);
    }

    private static Mapping Copy(Mapping mapping, Arguments arguments)
    {
        arguments.End();
        return new Mapping(mapping.Copy());
    }
}
