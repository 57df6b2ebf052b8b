using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Filters that take elements out of a value, or cut it into pieces.</summary>
internal static class SequenceFilters
{
    public static object Length(Evaluator evaluator, object? value, Arguments arguments) => new BigInteger(Iteration.Length(value, evaluator.Budget));

    public static object List(Evaluator evaluator, object? value, Arguments arguments) =>
        Sequence.List(Iteration.ToList(value, evaluator.Budget));

    public static object? Default(Evaluator evaluator, object? value, Arguments arguments)
    {
        object? fallback = arguments.Next("default_value", "");
        bool replacesFalse = arguments.NextFlag("boolean");
        arguments.End();
        return value is Undefined || (replacesFalse && !Truth.Of(value)) ? fallback : value;
    }

    public static object? First(Evaluator evaluator, object? value, Arguments arguments)
    {
        IEnumerator<object?> items = Iteration.Of(value, evaluator.Budget);
        return items.MoveNext() ? items.Current : Undefined.Because("No first item, sequence was empty.");
    }

    public static object? Last(Evaluator evaluator, object? value, Arguments arguments)
    {
        if (value is Generator or null)
            throw new ChatTemplateException($"'{PythonType.Name(value)}' object is not reversible");
        List<object?> items = Iteration.ToList(value, evaluator.Budget);
        return items.Count > 0 ? items[^1] : Undefined.Because("No last item, sequence was empty.");
    }

    /// <summary>A text backwards, or anything else's elements.</summary>
    public static object Reverse(Evaluator evaluator, object? value, Arguments arguments)
    {
        evaluator.Budget.ChargeCopy(value);
        if (value is string text)
            return string.Concat(Enumerable.Reverse(CodePoints.Split(text)));
        List<object?> items = Iteration.ToList(value, evaluator.Budget);
        items.Reverse();
        return value is Generator ? Sequence.List(items) : new Generator(items);
    }

    /// <summary>The entries of a dictionary; none of an undefined value.</summary>
    public static object Items(Evaluator evaluator, object? value, Arguments arguments) => value switch
    {
        Undefined => new Generator([]),
        Mapping mapping => new Generator(DictMethods.Items(mapping)),
        _ => throw new ChatTemplateException("Can only get item pairs from a mapping."),
    };

    /// <summary>An attribute by name, without the elements of a dictionary.</summary>
    public static object? Attribute(Evaluator evaluator, object? value, Arguments arguments)
    {
        string name = arguments.NextText("name");
        if (value is Undefined undefined)
            throw undefined.Error();
        return Members.TryGet(value, name, evaluator.Budget, out object? member) ? member : Undefined.Member(value, name);
    }

    /// <summary>Rows of so many elements each.</summary>
    public static object Batch(Evaluator evaluator, object? value, Arguments arguments)
    {
        int size = arguments.NextInt("linecount");
        object? fill = arguments.Next("fill_with", null);
        arguments.End();
        List<object?> rows = [];
        List<object?> row = [];
        foreach (object? item in Iteration.ToList(value, evaluator.Budget))
        {
            if (row.Count == size)
            {
                rows.Add(Sequence.List(row));
                row = [];
            }
            row.Add(item);
        }
        if (row.Count > 0)
            rows.Add(Sequence.List([.. row, .. Filling(fill, size - row.Count, evaluator.Budget)]));
        return new Generator(rows);
    }

    /// <summary>So many columns of about equal length.</summary>
    public static object Slice(Evaluator evaluator, object? value, Arguments arguments)
    {
        int count = arguments.NextInt("slices");
        object? fill = arguments.Next("fill_with", null);
        arguments.End();
        if (count == 0)
            throw new ChatTemplateException("integer division or modulo by zero");
        evaluator.Budget.Charge(Math.Max(0, count));
        List<object?> items = Iteration.ToList(value, evaluator.Budget);
        List<object?> columns = [];
        int start = 0;
        for (int i = 0; i < count; i++)
        {
            bool isLonger = i < items.Count % count;
            int length = items.Count / count + (isLonger ? 1 : 0);
            IEnumerable<object?> filling = isLonger ? [] : Filling(fill, 1, evaluator.Budget);
            columns.Add(Sequence.List([.. items.GetRange(start, length), .. filling]));
            start += length;
        }
        return new Generator(columns);
    }

    private static IEnumerable<object?> Filling(object? fill, int count, Budget budget)
    {
        if (fill is null || count <= 0)
            return [];
        budget.Charge(count);
        return Enumerable.Repeat(fill, count);
    }
}
