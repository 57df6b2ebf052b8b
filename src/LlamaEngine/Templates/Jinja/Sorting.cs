namespace LlamaEngine.Templates.Jinja;

/// <summary>Python's stable sort.</summary>
internal static class Sorting
{
    /// <summary>Merge sort; written here because .NET's sorts wrap a comparison's exception in their own.</summary>
    /// <exception cref="ChatTemplateException">Two keys have no order.</exception>
    public static T[] By<T>(IReadOnlyList<T> items, Func<T, object?> keyOf, bool reverse = false)
    {
        T[] sorted = [.. items];
        object?[] keys = [.. items.Select(keyOf)];
        int[] order = [.. Enumerable.Range(0, sorted.Length)];
        int[] scratch = new int[order.Length];
        for (int width = 1; width < order.Length; width *= 2)
        {
            for (int start = 0; start < order.Length; start += 2 * width)
                Merge(order, scratch, start, width, keys, reverse);
            (order, scratch) = (scratch, order);
        }
        return [.. order.Select(index => sorted[index])];
    }

    private static void Merge(int[] from, int[] to, int start, int width, object?[] keys, bool reverse)
    {
        int middle = Math.Min(start + width, from.Length);
        int end = Math.Min(start + 2 * width, from.Length);
        int left = start;
        int right = middle;
        for (int i = start; i < end; i++)
        {
            bool takeRight = left == middle || (right < end && IsBefore(keys[from[right]], keys[from[left]], reverse));
            to[i] = takeRight ? from[right++] : from[left++];
        }
    }

    /// <summary>Equal elements keep their order in both directions, as in Python.</summary>
    private static bool IsBefore(object? right, object? left, bool reverse) =>
        reverse ? Comparison.Order(left, right) < 0 : Comparison.Order(right, left) < 0;
}
