using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

// The values of a template are: null (None), bool, BigInteger (int), double (float), string, Sequence, Mapping, Undefined and
// the classes below.

/// <summary>Anything that can be called but a macro: a global function or a method bound to its object.</summary>
internal sealed record Function(string Name, Func<Arguments, object?> Invoke);

/// <summary>Python's <c>range</c>: elements are computed, not stored.</summary>
internal sealed record PythonRange(BigInteger Start, BigInteger Stop, BigInteger Step, int Count)
{
    public BigInteger this[int index] => Start + Step * index;

    public IEnumerable<object?> Items => Enumerable.Range(0, Count).Select(index => (object?)this[index]);
}

/// <summary>What Python's generators look like to a template: no length, and gone through only once.</summary>
/// <remarks>The elements are known beforehand, unlike Python's; so a chain of generators cannot grow deep.</remarks>
internal sealed class Generator(IEnumerable<object?> items)
{
    public IEnumerator<object?> Enumerator { get; } = items.GetEnumerator();
}

/// <summary>The one mutable object: <c>namespace(…)</c>, whose attributes <c>set</c> can assign from inside a loop.</summary>
internal sealed class Namespace
{
    public Dictionary<string, object?> Attributes { get; } = [];
}

/// <summary>A macro, or the body of a call block, with the scope it was defined in.</summary>
internal sealed record Macro(string Name, MacroBody Body, Scope Scope);

/// <summary>Variables of one block; those of the blocks around it show through.</summary>
internal sealed class Scope(Scope? parent)
{
    private readonly Dictionary<string, object?> _variables = [];

    public void Set(string name, object? value) => _variables[name] = value;

    public bool TryGet(string name, out object? value)
    {
        for (Scope? scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._variables.TryGetValue(name, out value))
                return true;
        }
        value = null;
        return false;
    }

    private Scope? Parent { get; } = parent;
}
