using System.Globalization;
using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary><c>value.name</c>, <c>value[key]</c> and <c>value[start:stop:step]</c>, as jinja2's sandbox has them.</summary>
internal static class Subscript
{
    /// <summary><c>value.name</c>: an attribute if there is one, else the element of that name.</summary>
    public static object? Attribute(object? value, string name, Budget budget)
    {
        if (value is Undefined undefined)
            throw undefined.Error();
        if (Members.TryGet(value, name, budget, out object? member))
            return member;
        return value is Mapping mapping && mapping.TryGet(name, out object? element) ? element : Undefined.Member(value, name);
    }

    /// <summary><c>value[key]</c>: the element if there is one, else the attribute of that name.</summary>
    public static object? Item(object? value, object? key, Budget budget)
    {
        if (value is Undefined undefined)
            throw undefined.Error();
        budget.ChargeFor(key);
        if (value is string)
            budget.ChargeFor(value);
        if (TryElement(value, key, out object? element))
            return element;
        return key is string name && Members.TryGet(value, name, budget, out object? member) ? member : Undefined.Member(value, key);
    }

    /// <summary>Follows a path such as <c>function.parameters.0</c>, as the filters' <c>attribute</c> argument gives it.</summary>
    public static object? Path(object? value, object? path, Budget budget)
    {
        if (path is not string text)
            return Item(value, path, budget);
        foreach (string part in text.Split('.'))
        {
            bool isIndex = part.Length is > 0 and < 10 && part.All(char.IsAsciiDigit);
            value = Item(value, isIndex ? new BigInteger(int.Parse(part, CultureInfo.InvariantCulture)) : part, budget);
        }
        return value;
    }

    public static object? Slice(object? value, object? start, object? stop, object? step, Budget budget)
    {
        switch (value)
        {
            case Undefined undefined:
                throw undefined.Error();
            case string text:
                budget.ChargeFor(text);
                return SliceText(text, start, stop, step);
            case Sequence { IsIndexable: true } sequence:
                object?[] chosen = [.. Indexes(sequence.Count, start, stop, step).Select(index => sequence.Items[index])];
                budget.Charge(1 + chosen.Length / 8);
                return new Sequence(sequence.Kind, chosen);
            case PythonRange range:
                return SliceRange(range, start, stop, step);
            case Mapping:
                throw new ChatTemplateException("unhashable type: 'slice'");
            default:
                throw new ChatTemplateException($"'{PythonType.Name(value)}' object is not subscriptable");
        }
    }

    private static PythonRange SliceRange(PythonRange range, object? start, object? stop, object? step)
    {
        (int first, int end, int stride) = Bounds(range.Count, start, stop, step);
        int count = Math.Max(0, (int)(((long)end - first + stride - Math.Sign(stride)) / stride));
        return new PythonRange(range[first], range[end], range.Step * stride, count);
    }

    private static string SliceText(string text, object? start, object? stop, object? step)
    {
        if (!CodePoints.IsPlain(text))
        {
            List<string> points = CodePoints.Split(text);
            return string.Concat(Indexes(points.Count, start, stop, step).Select(index => points[index]));
        }
        if (step is null || (step is BigInteger { IsOne: true }))
        {
            (int first, int end, _) = Bounds(text.Length, start, stop, step);
            return first < end ? text[first..end] : "";
        }
        return string.Concat(Indexes(text.Length, start, stop, step).Select(index => text[index]));
    }

    private static IEnumerable<int> Indexes(int count, object? start, object? stop, object? step)
    {
        (int first, int end, int stride) = Bounds(count, start, stop, step);
        for (long i = first; stride > 0 ? i < end : i > end; i += stride)
            yield return (int)i;
    }

    private static (int First, int End, int Step) Bounds(int count, object? start, object? stop, object? step)
    {
        int stride = step is null ? 1 : Numbers.ToIndex(step);
        if (stride == 0)
            throw new ChatTemplateException("slice step cannot be zero");
        (int low, int high) = stride > 0 ? (0, count) : (-1, count - 1);
        int first = start is null ? (stride > 0 ? low : high) : Place(Numbers.ToIndex(start), count, low, high);
        int end = stop is null ? (stride > 0 ? high : low) : Place(Numbers.ToIndex(stop), count, low, high);
        return (first, end, stride);
    }

    private static int Place(int index, int count, int low, int high) => Math.Clamp(index < 0 ? index + count : index, low, high);

    private static bool TryElement(object? value, object? key, out object? element)
    {
        element = null;
        if (value is Mapping mapping)
            return Key.IsHashable(key) && mapping.TryGet(key, out element);
        if (!Numbers.TryInteger(key, out _) || value is not (string or PythonRange or Sequence { IsIndexable: true }))
            return false;
        int count = value is string counted ? CodePoints.Count(counted) : value is Sequence list ? list.Count : ((PythonRange)value).Count;
        int index = Numbers.ToIndex(key);
        index = index < 0 ? index + count : index;
        if (index < 0 || index >= count)
            return false;
        element = value switch
        {
            Sequence sequence => sequence.Items[index],
            PythonRange range => range[index],
            string text => CodePoints.At(text, index),
            _ => null,
        };
        return true;
    }
}
