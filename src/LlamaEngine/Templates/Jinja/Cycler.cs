namespace LlamaEngine.Templates.Jinja;

/// <summary>jinja2's <c>cycler(…)</c>: gives its items in turn, over and over.</summary>
internal sealed class Cycler(IReadOnlyList<object?> items)
{
    private int _position;

    public object? Find(string name) => name switch
    {
        "current" => items[_position],
        "next" => new Function(name, _ => Next()),
        "reset" => new Function(name, _ => Reset()),
        _ => null,
    };

    private object? Next()
    {
        object? item = items[_position];
        _position = (_position + 1) % items.Count;
        return item;
    }

    private object? Reset()
    {
        _position = 0;
        return null;
    }
}
