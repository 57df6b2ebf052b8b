namespace LlamaEngine.Templates.Jinja;

/// <summary>Filters that compare elements with each other; texts without regard to case, unless asked.</summary>
internal static class OrderFilters
{
    public static object Sort(Evaluator evaluator, object? value, Arguments arguments)
    {
        bool reverse = arguments.NextFlag("reverse");
        bool isCaseSensitive = arguments.NextFlag("case_sensitive");
        object? attribute = arguments.Next("attribute", null);
        arguments.End();
        object?[] paths = attribute is string list ? [.. list.Split(',')] : [attribute];
        List<object?> items = Iteration.ToList(value, evaluator.Budget);
        ChargeForSorting(items, evaluator.Budget);
        return Sequence.List(Sorting.By(
            items, item => Sequence.List([.. paths.Select(path => KeyOf(evaluator, item, path, isCaseSensitive))]), reverse));
    }

    public static object DictSort(Evaluator evaluator, object? value, Arguments arguments)
    {
        bool isCaseSensitive = arguments.NextFlag("case_sensitive");
        object? by = arguments.Next("by", "key");
        bool reverse = arguments.NextFlag("reverse");
        arguments.End();
        if (by is not ("key" or "value"))
            throw new ChatTemplateException("You can only sort by either \"key\" or \"value\"");
        if (value is not Mapping mapping)
            throw (value as Undefined ?? Undefined.Member(value, "items")).Error();
        List<object?> items = [.. DictMethods.Items(mapping)];
        ChargeForSorting(items, evaluator.Budget);
        int field = by is "key" ? 0 : 1;
        return Sequence.List(Sorting.By(items, item => FoldCase(((Sequence)item!).Items[field], isCaseSensitive), reverse));
    }

    public static object Unique(Evaluator evaluator, object? value, Arguments arguments)
    {
        bool isCaseSensitive = arguments.NextFlag("case_sensitive");
        object? attribute = arguments.Next("attribute", null);
        arguments.End();
        List<object?> items = Iteration.ToList(value, evaluator.Budget);
        items.ForEach(evaluator.Budget.ChargeFor);
        HashSet<Key> seen = [];
        return new Generator(items.FindAll(item => seen.Add(Key.Of(KeyOf(evaluator, item, attribute, isCaseSensitive)))));
    }

    public static object? Min(Evaluator evaluator, object? value, Arguments arguments) => Extreme(evaluator, value, arguments, sign: -1);

    public static object? Max(Evaluator evaluator, object? value, Arguments arguments) => Extreme(evaluator, value, arguments, sign: 1);

    /// <summary>Groups of equal attributes, as tuples of <c>grouper</c> and <c>list</c>.</summary>
    public static object GroupBy(Evaluator evaluator, object? value, Arguments arguments)
    {
        object? attribute = arguments.Next("attribute");
        object? fallback = arguments.Next("default", null);
        bool isCaseSensitive = arguments.NextFlag("case_sensitive");
        arguments.End();
        object? AttributeOf(object? item)
        {
            object? found = Subscript.Path(item, attribute, evaluator.Budget);
            return found is Undefined && fallback is not null ? fallback : found;
        }
        object? KeyOfGroup(object? item) => FoldCase(AttributeOf(item), isCaseSensitive);
        List<object?> items = Iteration.ToList(value, evaluator.Budget);
        ChargeForSorting(items, evaluator.Budget);
        List<List<object?>> groups = [];
        foreach (object? item in Sorting.By(items, KeyOfGroup))
        {
            if (groups.Count == 0 || !Comparison.AreEqual(KeyOfGroup(groups[^1][0]), KeyOfGroup(item)))
                groups.Add([]);
            groups[^1].Add(item);
        }
        return Sequence.List([.. groups.Select(group => Group(AttributeOf(group[0]), group))]);
    }

    private static Sequence Group(object? grouper, List<object?> items) =>
        new(SequenceKind.Tuple, [grouper, Sequence.List(items)]) { FieldNames = ["grouper", "list"] };

    private static object? Extreme(Evaluator evaluator, object? value, Arguments arguments, int sign)
    {
        bool isCaseSensitive = arguments.NextFlag("case_sensitive");
        object? attribute = arguments.Next("attribute", null);
        arguments.End();
        List<object?> items = Iteration.ToList(value, evaluator.Budget);
        if (items.Count == 0)
            return Undefined.Because("No aggregated item, sequence was empty.");
        items.ForEach(evaluator.Budget.ChargeFor);
        object? best = items[0];
        object? bestKey = KeyOf(evaluator, best, attribute, isCaseSensitive);
        foreach (object? item in items.Skip(1))
        {
            object? key = KeyOf(evaluator, item, attribute, isCaseSensitive);
            if (Comparison.Order(key, bestKey, sign > 0 ? ">" : "<") * sign > 0)
                (best, bestKey) = (item, key);
        }
        return best;
    }

    private static object? KeyOf(Evaluator evaluator, object? item, object? path, bool isCaseSensitive) =>
        FoldCase(path is null ? item : Subscript.Path(item, path, evaluator.Budget), isCaseSensitive);

    private static object? FoldCase(object? value, bool isCaseSensitive) =>
        value is string text && !isCaseSensitive ? text.ToLowerInvariant() : value;

    /// <summary>Each element is compared about log₂(count) times.</summary>
    private static void ChargeForSorting(List<object?> items, Budget budget)
    {
        int rounds = int.Log2(items.Count | 1) + 1;
        foreach (object? item in items)
            budget.Charge(Math.Min(Weight.Of(item), int.MaxValue) * rounds);
    }
}
