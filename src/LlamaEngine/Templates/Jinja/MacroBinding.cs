namespace LlamaEngine.Templates.Jinja;

/// <summary>Gives a macro's parameters their values.</summary>
internal static class MacroBinding
{
    /// <summary>The scope in which the macro's body runs.</summary>
    public static Scope Bind(Macro macro, Arguments arguments, Evaluator evaluator)
    {
        Scope scope = new(macro.Scope);
        Dictionary<string, object?> named = ToDictionary(macro, arguments);
        for (int i = 0; i < macro.Body.Parameters.Count; i++)
            scope.Set(macro.Body.Parameters[i].Name, ValueOf(macro.Body.Parameters[i], i, arguments, named, scope, evaluator));
        int taken = Math.Min(macro.Body.Parameters.Count, arguments.Positional.Count);
        if (macro.Body.Uses.Contains("caller") && macro.Body.Parameters.All(parameter => parameter.Name != "caller"))
            scope.Set("caller", named.Remove("caller", out object? caller) ? caller : Undefined.Because("No caller defined"));
        BindNamedRest(macro, named, scope);
        BindRest(macro, [.. arguments.Positional.Skip(taken)], scope);
        return scope;
    }

    /// <summary>A macro takes any number of named arguments if its body speaks of <c>kwargs</c>.</summary>
    private static void BindNamedRest(Macro macro, Dictionary<string, object?> named, Scope scope)
    {
        if (macro.Body.Uses.Contains("kwargs"))
            scope.Set("kwargs", new Mapping(new(named.Select(entry => KeyValuePair.Create(Key.Of(entry.Key), entry.Value)))));
        else if (named.Count > 0)
            throw new ChatTemplateException($"macro '{macro.Name}' takes no keyword argument '{named.Keys.First()}'");
    }

    /// <summary>A macro takes any number of positional arguments if its body speaks of <c>varargs</c>.</summary>
    private static void BindRest(Macro macro, IReadOnlyList<object?> rest, Scope scope)
    {
        if (macro.Body.Uses.Contains("varargs"))
            scope.Set("varargs", Sequence.Tuple(rest));
        else if (rest.Count > 0)
            throw new ChatTemplateException($"macro '{macro.Name}' takes not more than {macro.Body.Parameters.Count} argument(s)");
    }

    private static Dictionary<string, object?> ToDictionary(Macro macro, Arguments arguments)
    {
        Dictionary<string, object?> named = [];
        foreach ((string name, object? value) in arguments.Named)
        {
            if (!named.TryAdd(name, value))
                throw new ChatTemplateException($"macro '{macro.Name}' got multiple values for keyword argument '{name}'");
        }
        return named;
    }

    private static object? ValueOf(
        Parameter parameter, int index, Arguments arguments, Dictionary<string, object?> named, Scope scope, Evaluator evaluator)
    {
        if (index < arguments.Positional.Count)
            return arguments.Positional[index];
        if (named.Remove(parameter.Name, out object? value))
            return value;
        return parameter.Default is null
            ? Undefined.Because($"parameter {PythonText.Quote(parameter.Name)} was not provided")
            : evaluator.Evaluate(parameter.Default, scope);
    }
}
