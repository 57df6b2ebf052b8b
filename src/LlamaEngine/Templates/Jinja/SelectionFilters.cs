namespace LlamaEngine.Templates.Jinja;

/// <summary>Filters that apply another filter or a test to each element.</summary>
internal static class SelectionFilters
{
    public static object Map(Evaluator evaluator, object? value, Arguments arguments)
    {
        if (!Truth.Of(value))
            return new Generator([]);
        Func<object?, object?> map = arguments.Positional.Count == 0 && arguments.TryNamed("attribute", out object? path)
            ? MapToAttribute(evaluator, path, arguments)
            : MapWithFilter(evaluator, arguments);
        return new Generator(Iteration.ToList(value, evaluator.Budget).ConvertAll(item => map(item)));
    }

    public static object Select(Evaluator evaluator, object? value, Arguments arguments) =>
        Choose(evaluator, value, arguments, byAttribute: false, wanted: true);

    public static object Reject(Evaluator evaluator, object? value, Arguments arguments) =>
        Choose(evaluator, value, arguments, byAttribute: false, wanted: false);

    public static object SelectAttribute(Evaluator evaluator, object? value, Arguments arguments) =>
        Choose(evaluator, value, arguments, byAttribute: true, wanted: true);

    public static object RejectAttribute(Evaluator evaluator, object? value, Arguments arguments) =>
        Choose(evaluator, value, arguments, byAttribute: true, wanted: false);

    private static Func<object?, object?> MapToAttribute(Evaluator evaluator, object? path, Arguments arguments)
    {
        bool hasDefault = arguments.TryNamed("default", out object? fallback) && fallback is not null;
        arguments.End();
        return item =>
        {
            object? found = Subscript.Path(item, path, evaluator.Budget);
            return found is Undefined && hasDefault ? fallback : found;
        };
    }

    private static Func<object?, object?> MapWithFilter(Evaluator evaluator, Arguments arguments)
    {
        if (arguments.Positional.Count == 0)
            throw new ChatTemplateException("map requires a filter argument");
        string name = arguments.NextText("filter");
        IReadOnlyList<object?> rest = arguments.Rest();
        return item => evaluator.ApplyFilter(name, item, new Arguments(name, rest, arguments.Named));
    }

    private static string TestName(object? test) =>
        test as string ?? throw new ChatTemplateException($"No test named {PythonText.Str(test)}.");

    /// <summary>Keeps the elements that a test finds as wanted; without a test, their truth counts.</summary>
    private static Generator Choose(Evaluator evaluator, object? value, Arguments arguments, bool byAttribute, bool wanted)
    {
        if (!Truth.Of(value))
            return new Generator([]);
        if (byAttribute && arguments.Positional.Count == 0)
            throw new ChatTemplateException("Missing parameter for attribute name");
        object? path = byAttribute ? arguments.Next("attribute") : null;
        IReadOnlyList<object?> rest = arguments.Rest();
        string? test = rest.Count > 0 ? TestName(rest[0]) : null;
        rest = [.. rest.Skip(1)];
        bool IsChosen(object? item)
        {
            object? subject = byAttribute ? Subscript.Path(item, path, evaluator.Budget) : item;
            return wanted == (test is null
                ? Truth.Of(subject)
                : evaluator.ApplyTest(test, subject, new Arguments(test, rest, arguments.Named)));
        }
        return new Generator(Iteration.ToList(value, evaluator.Budget).FindAll(IsChosen));
    }
}
