using System.Numerics;
using System.Text;

namespace LlamaEngine.Templates.Jinja;

/// <summary>The operators of arithmetic, by Python's rules.</summary>
internal static class Arithmetic
{
    public static object? Apply(string sign, object? left, object? right, Budget budget)
    {
        if (sign == "%" && left is string format)
            return Printf(format, right, budget);
        budget.ChargeCopy(left);
        budget.ChargeCopy(right);
        if ((left as Undefined ?? right as Undefined) is { } undefined)
            throw undefined.Error();
        if (Numbers.TryInteger(left, out BigInteger a) && Numbers.TryInteger(right, out BigInteger b))
            return OfIntegers(sign, a, b);
        if (Numbers.IsNumber(left) && Numbers.IsNumber(right))
            return OfFloats(sign, Numbers.ToDouble(left), Numbers.ToDouble(right));
        return sign switch
        {
            "+" => Concatenate(left, right),
            "*" when left is BigInteger or bool => Repeat(right, left, budget),
            "*" => Repeat(left, right, budget),
            _ => throw Unsupported(sign, left, right),
        };
    }

    public static object Negate(object? value) => value switch
    {
        double number => -number,
        Undefined undefined => throw undefined.Error(),
        _ when Numbers.TryInteger(value, out BigInteger integer) => -integer,
        _ => throw new ChatTemplateException($"bad operand type for unary -: '{PythonType.Name(value)}'"),
    };

    public static object Affirm(object? value) => value switch
    {
        double number => number,
        Undefined undefined => throw undefined.Error(),
        _ when Numbers.TryInteger(value, out BigInteger integer) => integer,
        _ => throw new ChatTemplateException($"bad operand type for unary +: '{PythonType.Name(value)}'"),
    };

    private static string Printf(string format, object? values, Budget budget)
    {
        budget.Charge(format.Length);
        budget.ChargeFor(values);
        string text = PrintfFormat.Format(format, values);
        budget.ChargeFor(text);
        return text;
    }

    private static object OfIntegers(string sign, BigInteger left, BigInteger right) => sign switch
    {
        "+" => Numbers.Checked(left + right),
        "-" => Numbers.Checked(left - right),
        "*" => Numbers.Checked(left * right),
        "**" when right.Sign < 0 => OfFloats(sign, Numbers.ToDouble(left), Numbers.ToDouble(right)),
        "**" => Power(left, right),
        _ when right.IsZero => throw DivisionByZero(sign, isFloat: false),
        "/" => Divide(left, right),
        "//" => (left - Modulo(left, right)) / right,
        _ => Modulo(left, right),
    };

    private static double OfFloats(string sign, double left, double right) => sign switch
    {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "**" => Power(left, right),
        _ when right == 0 => throw DivisionByZero(sign, isFloat: true),
        "/" => left / right,
        "//" => Math.Floor((left - Modulo(left, right)) / right + 0.5),
        _ => Modulo(left, right),
    };

    /// <summary>The remainder with the divisor's sign.</summary>
    private static BigInteger Modulo(BigInteger left, BigInteger right)
    {
        BigInteger remainder = left % right;
        return !remainder.IsZero && remainder.Sign != right.Sign ? remainder + right : remainder;
    }

    private static double Modulo(double left, double right)
    {
        double remainder = left % right;
        if (remainder == 0)
            return Math.CopySign(0, right);
        return remainder < 0 != right < 0 ? remainder + right : remainder;
    }

    private static double Divide(BigInteger left, BigInteger right)
    {
        // Common factors of two go first, so that large numbers with a small quotient have one.
        int shift = (int)Math.Max(0, Math.Min(left.GetBitLength(), right.GetBitLength()) - 64);
        return Numbers.ToDouble(left >> shift) / Numbers.ToDouble(right >> shift);
    }

    private static BigInteger Power(BigInteger left, BigInteger right)
    {
        if (left.IsZero || left.IsOne || right.IsZero)
            return right.IsZero ? BigInteger.One : left;
        if (left == BigInteger.MinusOne)
            return right.IsEven ? BigInteger.One : left;
        if (right * (left.GetBitLength() - 1) > Numbers.MaxBits)
            throw new ChatTemplateException("The template made an integer that is too large.");
        return Numbers.Checked(BigInteger.Pow(left, (int)right));
    }

    private static double Power(double left, double right)
    {
        if (left == 0 && right < 0)
            throw new ChatTemplateException("0.0 cannot be raised to a negative power");
        double power = Math.Pow(left, right);
        if (double.IsNaN(power) && !double.IsNaN(left) && !double.IsNaN(right))
            throw new ChatTemplateException("a negative number cannot be raised to a fractional power");
        return double.IsInfinity(power) && double.IsFinite(left) && double.IsFinite(right)
            ? throw new ChatTemplateException("(34, 'Numerical result out of range')")
            : power;
    }

    private static object Concatenate(object? left, object? right) => (left, right) switch
    {
        (string a, string b) => Concatenate(a, b),
        (string, _) => throw new ChatTemplateException($"can only concatenate str (not \"{PythonType.Name(right)}\") to str"),
        (Sequence { IsIndexable: true } a, Sequence b) when a.Kind == b.Kind => new Sequence(a.Kind, [.. a.Items, .. b.Items]),
        _ => throw Unsupported("+", left, right),
    };

    private static string Concatenate(string left, string right)
    {
        Budget.CheckLength((long)left.Length + right.Length);
        return left + right;
    }

    private static object Repeat(object? value, object? times, Budget budget)
    {
        if (!Numbers.TryInteger(times, out _))
            throw Unsupported("*", value, times);
        int count = Math.Max(0, Numbers.ToIndex(times));
        switch (value)
        {
            case string text:
                budget.Charge(Budget.CheckLength((long)text.Length * count) / 64);
                return text.Length == 0 ? "" : new StringBuilder().Insert(0, text, count).ToString();
            case Sequence { IsIndexable: true } sequence:
                budget.Charge((long)sequence.Count * count);
                count = sequence.Count == 0 ? 0 : count;
                return new Sequence(sequence.Kind, [.. Enumerable.Repeat(sequence.Items, count).SelectMany(items => items)]);
            default:
                throw Unsupported("*", value, times);
        }
    }

    private static ChatTemplateException Unsupported(string sign, object? left, object? right) =>
        new($"unsupported operand type(s) for {sign}: '{PythonType.Name(left)}' and '{PythonType.Name(right)}'");

    private static ChatTemplateException DivisionByZero(string sign, bool isFloat) => new((sign, isFloat) switch
    {
        ("/", false) => "division by zero",
        ("/", true) => "float division by zero",
        ("%", true) => "float modulo",
        (_, true) => "float floor division by zero",
        _ => "integer division or modulo by zero",
    });
}
