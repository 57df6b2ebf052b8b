using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>The arguments of one call, read in the order of the callee's parameters.</summary>
internal sealed class Arguments(string callee, IReadOnlyList<object?> positional, IReadOnlyList<KeyValuePair<string, object?>> named)
{
    private readonly HashSet<string> _taken = [];
    private int _next;

    /// <summary>Name of what is called, for messages.</summary>
    public string Callee { get; } = callee;

    public IReadOnlyList<object?> Positional { get; } = positional;

    public IReadOnlyList<KeyValuePair<string, object?>> Named { get; } = named;

    public static Arguments None(string callee) => new(callee, [], []);

    /// <summary>The next parameter, which must be given.</summary>
    public object? Next(string name) => TryNext(name, out object? value)
        ? value
        : throw new ChatTemplateException($"{Callee}() missing 1 required positional argument: '{name}'");

    /// <summary>The next parameter, or its default.</summary>
    public object? Next(string name, object? fallback) => TryNext(name, out object? value) ? value : fallback;

    /// <summary>The next parameter as an integer small enough to count with.</summary>
    public int NextInt(string name) => Numbers.ToIndex(Next(name));

    /// <summary>The next parameter as an integer small enough to count with, or its default.</summary>
    public int NextInt(string name, int fallback) => TryNext(name, out object? value) ? Numbers.ToIndex(value) : fallback;

    /// <summary>The next parameter as text.</summary>
    public string NextText(string name) => Next(name) is string text
        ? text
        : throw new ChatTemplateException($"{Callee}() argument '{name}' must be str");

    /// <summary>The next parameter's truth.</summary>
    public bool NextFlag(string name, bool fallback = false) =>
        TryNext(name, out object? value) ? Truth.Of(value) : fallback;

    /// <summary>A parameter that can only be given by name.</summary>
    public bool TryNamed(string name, out object? value)
    {
        foreach ((string key, object? given) in Named)
        {
            if (key == name)
            {
                value = given;
                return _taken.Add(name);
            }
        }
        value = null;
        return false;
    }

    /// <summary>All positional arguments from the next parameter on.</summary>
    public IReadOnlyList<object?> Rest()
    {
        object?[] rest = [.. Positional.Skip(_next)];
        _next = Positional.Count;
        return rest;
    }

    /// <summary>Makes sure that there are no arguments beyond the parameters read.</summary>
    public void End()
    {
        if (_next < Positional.Count)
            throw new ChatTemplateException($"{Callee}() takes {_next} positional arguments but {Positional.Count} were given");
        foreach ((string name, _) in Named)
        {
            if (!_taken.Contains(name))
                throw new ChatTemplateException($"{Callee}() got an unexpected keyword argument '{name}'");
        }
    }

    private bool TryNext(string name, out object? value)
    {
        if (_next >= Positional.Count)
            return TryNamed(name, out value);
        value = Positional[_next++];
        return true;
    }
}
