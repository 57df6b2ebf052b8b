using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Filters that give numbers.</summary>
internal static class NumberFilters
{
    public static object Abs(Evaluator evaluator, object? value, Arguments arguments) => value switch
    {
        double number => Math.Abs(number),
        _ when Numbers.TryInteger(value, out BigInteger integer) => BigInteger.Abs(integer),
        _ => throw new ChatTemplateException($"bad operand type for abs(): '{PythonType.Name(value)}'"),
    };

    public static object? Int(Evaluator evaluator, object? value, Arguments arguments)
    {
        object? fallback = arguments.Next("default", BigInteger.Zero);
        int radix = arguments.NextInt("base", 10);
        arguments.End();
        evaluator.Budget.Charge(value is string digits ? digits.Length : 1);
        return value switch
        {
            Undefined undefined => throw undefined.Error(),
            double number when double.IsFinite(number) => Numbers.Truncate(number),
            string text when Numbers.TryParseInteger(text, radix, out BigInteger parsed) => parsed,
            string text when Numbers.TryParseDouble(text, out double number) && double.IsFinite(number) => Numbers.Truncate(number),
            _ => Numbers.TryInteger(value, out BigInteger integer) ? integer : fallback,
        };
    }

    public static object? Float(Evaluator evaluator, object? value, Arguments arguments)
    {
        object? fallback = arguments.Next("default", 0.0);
        arguments.End();
        evaluator.Budget.ChargeCopy(value);
        return value switch
        {
            Undefined undefined => throw undefined.Error(),
            string text => Numbers.TryParseDouble(text, out double number) ? number : fallback,
            _ => Numbers.IsNumber(value) ? Numbers.ToDouble(value) : fallback,
        };
    }

    public static object Round(Evaluator evaluator, object? value, Arguments arguments)
    {
        int precision = arguments.NextInt("precision", 0);
        object? method = arguments.Next("method", "common");
        arguments.End();
        evaluator.Budget.Charge(Math.Abs(precision) / 8);
        if (method is not ("common" or "ceil" or "floor"))
            throw new ChatTemplateException("method must be common, ceil or floor");
        if (Numbers.TryInteger(value, out BigInteger integer) && method is "common")
            return precision >= 0 ? integer : Rounding.ToPowerOfTen(integer, -precision);
        double number = Numbers.ToDouble(value);
        if (method is "common")
            return Rounding.ToDigits(number, precision);
        double scale = Math.Pow(10, precision);
        return (method is "ceil" ? Math.Ceiling(number * scale) : Math.Floor(number * scale)) / scale;
    }

    public static object? Sum(Evaluator evaluator, object? value, Arguments arguments)
    {
        object? attribute = arguments.Next("attribute", null);
        object? sum = arguments.Next("start", BigInteger.Zero);
        arguments.End();
        foreach (object? item in Iteration.ToList(value, evaluator.Budget))
        {
            object? addend = attribute is null ? item : Subscript.Path(item, attribute, evaluator.Budget);
            sum = sum is string
                ? throw new ChatTemplateException("sum() can't sum strings [use ''.join(seq) instead]")
                : Arithmetic.Apply("+", sum, addend, evaluator.Budget);
        }
        return sum;
    }
}
