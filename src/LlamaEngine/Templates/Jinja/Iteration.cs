namespace LlamaEngine.Templates.Jinja;

/// <summary>Going through the elements of whatever Python would iterate over.</summary>
internal static class Iteration
{
    public static bool IsIterable(object? value) =>
        value is string or Sequence or Mapping or PythonRange or Generator or Undefined or LoopState;

    /// <summary>The elements, one at a time; a generator goes on where it stopped.</summary>
    /// <exception cref="ChatTemplateException">The value is not iterable.</exception>
    public static IEnumerator<object?> Of(object? value, Budget budget)
    {
        switch (value)
        {
            case Sequence sequence:
                return sequence.Items.GetEnumerator();
            case Mapping mapping:
                return mapping.Keys.GetEnumerator();
            case PythonRange range:
                return range.Items.GetEnumerator();
            case Generator generator:
                return generator.Enumerator;
            case Undefined:
                return Enumerable.Empty<object?>().GetEnumerator();
            case string text:
                budget.Charge(text.Length);
                return CodePoints.Split(text).GetEnumerator();
            default:
                throw new ChatTemplateException($"'{PythonType.Name(value)}' object is not iterable");
        }
    }

    /// <summary>All elements at once; costs a step each.</summary>
    public static List<object?> ToList(object? value, Budget budget)
    {
        List<object?> items = [];
        using IEnumerator<object?> elements = Of(value, budget);
        while (elements.MoveNext())
        {
            budget.Charge(1);
            items.Add(elements.Current);
        }
        return items;
    }

    /// <summary>Python's <c>len</c>; only a text's takes time.</summary>
    public static int Length(object? value, Budget budget)
    {
        if (value is not string text)
            return Length(value);
        budget.ChargeFor(text);
        return CodePoints.Count(text);
    }

    private static int Length(object? value) => value switch
    {
        Sequence sequence => sequence.Count,
        Mapping mapping => mapping.Count,
        PythonRange range => range.Count,
        Undefined => 0,
        LoopState loop => loop.Length,
        _ => throw new ChatTemplateException($"object of type '{PythonType.Name(value)}' has no len()"),
    };
}
