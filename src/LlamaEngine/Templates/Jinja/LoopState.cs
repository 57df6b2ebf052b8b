using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>The variable <c>loop</c>: where a running loop is.</summary>
/// <remarks>
/// Elements are drawn one at a time, because a loop's condition may depend on what its body did before (a namespace). The next
/// one is drawn early only if the template asks for it, or for the length.
/// </remarks>
/// <param name="elements">The elements that meet the loop's condition.</param>
/// <param name="knownLength">How many there are, if that is known beforehand; else −1.</param>
/// <param name="depth0">Nesting of a recursive loop.</param>
/// <param name="recurse">Renders the loop over other elements; null unless it is recursive.</param>
internal sealed class LoopState(IEnumerator<object?> elements, int knownLength, int depth0, Func<object?, string>? recurse, Budget budget)
{
    private readonly Queue<object?> _ahead = new();
    private object? _previous;
    private IReadOnlyList<object?>? _lastChanged;
    private int _length = knownLength;

    public int Index0 { get; private set; } = -1;

    public object? Current { get; private set; }

    public int Length
    {
        get
        {
            if (_length >= 0)
                return _length;
            while (elements.MoveNext())
                _ahead.Enqueue(elements.Current);
            return _length = Index0 + 1 + _ahead.Count;
        }
    }

    /// <summary>Goes on to the next element.</summary>
    public bool MoveNext()
    {
        if (!CanPeek())
            return false;
        _previous = Current;
        Current = _ahead.Dequeue();
        Index0++;
        return true;
    }

    public string Recurse(object? items) => recurse is not null
        ? recurse(items)
        : throw new ChatTemplateException("The loop must have the 'recursive' marker to be called recursively.");

    /// <summary>An attribute of <c>loop</c>.</summary>
    public bool TryGet(string name, out object? value)
    {
        value = name switch
        {
            "index" => new BigInteger(Index0 + 1),
            "index0" => new BigInteger(Index0),
            "revindex" => new BigInteger(Length - Index0),
            "revindex0" => new BigInteger(Length - Index0 - 1),
            "first" => Index0 == 0,
            "last" => !CanPeek(),
            "length" => new BigInteger(Length),
            "previtem" => Index0 == 0 ? Undefined.Because("there is no previous item") : _previous,
            "nextitem" => CanPeek() ? _ahead.Peek() : Undefined.Because("there is no next item"),
            "depth" => new BigInteger(depth0 + 1),
            "depth0" => new BigInteger(depth0),
            "cycle" => new Function(name, arguments => Cycle(arguments.Rest())),
            "changed" => new Function(name, arguments => HasChanged(arguments.Rest())),
            _ => this,
        };
        return !ReferenceEquals(value, this);
    }

    private bool CanPeek()
    {
        if (_ahead.Count == 0 && elements.MoveNext())
            _ahead.Enqueue(elements.Current);
        return _ahead.Count > 0;
    }

    private object? Cycle(IReadOnlyList<object?> items) => items.Count > 0
        ? items[Index0 % items.Count]
        : throw new ChatTemplateException("no items for cycling given");

    private object HasChanged(IReadOnlyList<object?> values)
    {
        foreach (object? value in values)
            budget.ChargeFor(value);
        bool isSame = _lastChanged is not null && Comparison.AreEqual(Sequence.List(_lastChanged), Sequence.List(values));
        _lastChanged = values;
        return !isSame;
    }
}
