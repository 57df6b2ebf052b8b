using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's equality, order and membership.</summary>
internal static class Comparison
{
    public static bool AreEqual(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => a == b,
        (Undefined, Undefined) => true,
        (Mapping a, Mapping b) => AreEqual(a, b),
        (Sequence a, Sequence b) => a.Kind == b.Kind && a.Count == b.Count && AreEqual(a.Items, b.Items),
        (PythonRange a, PythonRange b) => a.Count == b.Count && a.Items.SequenceEqual(b.Items),
        _ when Numbers.IsNumber(left) && Numbers.IsNumber(right) => OrderNumbers(left, right) == 0,
        _ => ReferenceEquals(left, right),
    };

    /// <summary>Negative, zero or positive; null where there is no order (a NaN).</summary>
    /// <param name="sign">The operator, for the message.</param>
    /// <exception cref="ChatTemplateException">Values of these types have no order.</exception>
    public static int? Order(object? left, object? right, string sign = "<") => (left, right) switch
    {
        (Undefined undefined, _) => throw undefined.Error(),
        (_, Undefined undefined) => throw undefined.Error(),
        (string a, string b) => CodePoints.Compare(a, b),
        (Sequence { IsIndexable: true } a, Sequence b) when a.Kind == b.Kind => OrderItems(a, b, sign),
        _ when Numbers.IsNumber(left) && Numbers.IsNumber(right) => OrderNumbers(left, right),
        _ => throw new ChatTemplateException(
            $"'{sign}' not supported between instances of '{PythonType.Name(left)}' and '{PythonType.Name(right)}'"),
    };

    /// <summary>Python's <c>in</c>.</summary>
    public static bool Contains(object? container, object? element, Budget budget)
    {
        budget.ChargeFor(container is Container ? element : container);
        return container switch
        {
            string text when element is string part => text.Contains(part, StringComparison.Ordinal),
            string => throw new ChatTemplateException($"'in <string>' requires string as left operand, not {PythonType.Name(element)}"),
            Mapping mapping => mapping.TryGet(element, out _),
            Sequence or PythonRange or Generator or Undefined => ContainsEqual(Iteration.Of(container, budget), element, budget),
            _ => throw new ChatTemplateException($"argument of type '{PythonType.Name(container)}' is not iterable"),
        };
    }

    private static bool ContainsEqual(IEnumerator<object?> items, object? element, Budget budget)
    {
        long weight = Weight.Of(element);
        while (items.MoveNext())
        {
            budget.Charge(Math.Min(weight, Weight.Of(items.Current)));
            if (AreEqual(items.Current, element))
                return true;
        }
        return false;
    }

    private static bool AreEqual(IReadOnlyList<object?> left, IReadOnlyList<object?> right)
    {
        for (int i = 0; i < left.Count; i++)
        {
            if (!AreEqual(left[i], right[i]))
                return false;
        }
        return true;
    }

    private static bool AreEqual(Mapping left, Mapping right) => left.Count == right.Count
        && left.Entries.All(entry => right.TryGet(entry.Key, out object? other) && AreEqual(entry.Value, other));

    private static int? OrderItems(Sequence left, Sequence right, string sign)
    {
        for (int i = 0; i < Math.Min(left.Count, right.Count); i++)
        {
            if (!AreEqual(left.Items[i], right.Items[i]))
                return Order(left.Items[i], right.Items[i], sign);
        }
        return left.Count.CompareTo(right.Count);
    }

    private static int? OrderNumbers(object? left, object? right)
    {
        if (Numbers.TryInteger(left, out BigInteger a) && Numbers.TryInteger(right, out BigInteger b))
            return a.CompareTo(b);
        if (left is double x && right is double y)
            return double.IsNaN(x) || double.IsNaN(y) ? null : x.CompareTo(y);
        return left is double number ? OrderMixed(number, right) : -OrderMixed((double)right!, left);
    }

    /// <summary>A float against an integer, exact also where the integer has no float.</summary>
    private static int? OrderMixed(double number, object? integer)
    {
        Numbers.TryInteger(integer, out BigInteger whole);
        if (!double.IsFinite(number))
            return double.IsNaN(number) ? null : number > 0 ? 1 : -1;
        int order = new BigInteger(Math.Floor(number)).CompareTo(whole);
        return order == 0 && !double.IsInteger(number) ? 1 : order;
    }
}
