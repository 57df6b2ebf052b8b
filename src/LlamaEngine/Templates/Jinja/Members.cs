namespace LlamaEngine.Templates.Jinja;

/// <summary>Attributes of values: methods, and the fields of jinja2's own objects.</summary>
internal static class Members
{
    private static readonly string[] s_listMutators = ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"];

    private static readonly string[] s_dictMutators = ["clear", "pop", "popitem", "setdefault", "update"];

    /// <summary>Finds an attribute; false if the value has none of this name.</summary>
    /// <remarks>Methods that would change their object exist, but are undefined: the sandbox hides them.</remarks>
    public static bool TryGet(object? owner, string name, Budget budget, out object? member)
    {
        member = Find(owner, name, budget) ?? (IsHidden(owner, name) ? Undefined.Unsafe(owner, name) : null);
        if (member is not null)
            return true;
        return owner switch
        {
            Namespace space => space.Attributes.TryGetValue(name, out member),
            LoopState loop => loop.TryGet(name, out member),
            Sequence { FieldNames.Count: > 0 } tuple => TryGetField(tuple, name, out member),
            _ => false,
        };
    }

    private static object? Find(object? owner, string name, Budget budget) => owner switch
    {
        string text when TextMethods.Find(name) is { } method => Bind(name, budget, text, arguments => method(text, arguments)),
        Mapping mapping when DictMethods.Find(name) is { } method => Bind(name, budget, mapping, arguments => method(mapping, arguments)),
        Sequence { IsIndexable: true } sequence when ListMethods.Find(name) is { } method =>
            Bind(name, budget, sequence, arguments => method(sequence, arguments)),
        Macro macro when name == "name" => macro.Name,
        Macro macro when name == "arguments" => Sequence.Tuple([.. macro.Body.Parameters.Select(parameter => parameter.Name)]),
        Cycler cycler => cycler.Find(name),
        _ => null,
    };

    /// <summary>A method of an object; a call is paid for by its arguments and by the lengths of object and result.</summary>
    private static Function Bind(string name, Budget budget, object owner, Func<Arguments, object?> method) => new(name, arguments =>
    {
        budget.ChargeCopy(owner);
        foreach (object? argument in arguments.Positional.Concat(arguments.Named.Select(named => named.Value)))
            budget.ChargeFor(argument);
        object? result = method(arguments);
        budget.ChargeCopy(result);
        return result;
    });

    private static bool IsHidden(object? owner, string name) => owner switch
    {
        Mapping => s_dictMutators.Contains(name),
        Sequence { Kind: SequenceKind.List } => s_listMutators.Contains(name),
        _ => false,
    } || name is "__class__" or "__init__" or "__dict__" or "__doc__" or "__globals__" or "__subclasses__";

    private static bool TryGetField(Sequence tuple, string name, out object? member)
    {
        int index = tuple.FieldNames.ToList().IndexOf(name);
        member = index < 0 ? null : tuple.Items[index];
        return index >= 0;
    }
}
