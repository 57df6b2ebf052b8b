using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>The functions that every template can call.</summary>
internal static class Globals
{
    /// <summary>Most elements of a <c>range</c>, as in jinja2's sandbox.</summary>
    private const int MaxRange = 100_000;

    /// <summary>The outermost scope.</summary>
    public static Scope CreateScope(TimeProvider clock, Budget budget)
    {
        Scope scope = new(null);
        Add(scope, "range", Range);
        Add(scope, "dict", arguments => Dict(arguments, budget));
        Add(scope, "namespace", arguments => CreateNamespace(arguments, budget));
        Add(scope, "cycler", CreateCycler);
        Add(scope, "joiner", CreateJoiner);
        Add(scope, "raise_exception", arguments => throw new ChatTemplateException(PythonText.Str(arguments.Next("message"))));
        Add(scope, "strftime_now", arguments => FormatNow(arguments.NextText("format"), clock, budget));
        return scope;
    }

    private static void Add(Scope scope, string name, Func<Arguments, object?> invoke) => scope.Set(name, new Function(name, invoke));

    private static string FormatNow(string format, TimeProvider clock, Budget budget)
    {
        budget.Charge(format.Length * 4L);
        return Strftime.Format(clock.GetLocalNow(), format);
    }

    private static PythonRange Range(Arguments arguments)
    {
        BigInteger first = Integer(arguments.Next("start"));
        bool hasStop = arguments.Positional.Count > 1;
        (BigInteger start, BigInteger stop) = hasStop ? (first, Integer(arguments.Next("stop"))) : (BigInteger.Zero, first);
        BigInteger step = Integer(arguments.Next("step", BigInteger.One));
        arguments.End();
        if (step.IsZero)
            throw new ChatTemplateException("range() arg 3 must not be zero");
        BigInteger count = BigInteger.Max(0, (stop - start + step - step.Sign) / step);
        return count <= MaxRange
            ? new PythonRange(start, stop, step, (int)count)
            : throw new ChatTemplateException($"Range too big. The sandbox blocks ranges larger than MAX_RANGE ({MaxRange}).");
    }

    private static BigInteger Integer(object? value) => Numbers.TryInteger(value, out BigInteger integer)
        ? integer
        : throw new ChatTemplateException($"'{PythonType.Name(value)}' object cannot be interpreted as an integer");

    private static Mapping Dict(Arguments arguments, Budget budget)
    {
        OrderedDictionary<Key, object?> entries = [];
        foreach (object? source in arguments.Rest())
        {
            budget.ChargeFor(source);
            foreach ((object? key, object? value) in EntriesOf(source, budget))
                entries[Key.Of(key)] = value;
        }
        foreach ((string name, object? value) in arguments.Named)
            entries[Key.Of(name)] = value;
        return new Mapping(entries);
    }

    private static IEnumerable<KeyValuePair<object?, object?>> EntriesOf(object? source, Budget budget) => source switch
    {
        Mapping mapping => mapping.Entries,
        Undefined undefined => throw undefined.Error(),
        _ => Iteration.ToList(source, budget).Select(item => Iteration.ToList(item, budget) is [var key, var value]
            ? KeyValuePair.Create(key, value)
            : throw new ChatTemplateException("dictionary update sequence elements must have length 2")),
    };

    private static Namespace CreateNamespace(Arguments arguments, Budget budget)
    {
        Namespace space = new();
        foreach ((object? key, object? value) in Dict(arguments, budget).Entries)
            space.Attributes[PythonText.Str(key)] = value;
        return space;
    }

    private static Cycler CreateCycler(Arguments arguments) => arguments.Positional.Count > 0
        ? new Cycler(arguments.Rest())
        : throw new ChatTemplateException("at least one item has to be provided");

    private static Function CreateJoiner(Arguments arguments)
    {
        object? separator = arguments.Next("sep", ", ");
        bool isUsed = false;
        return new Function("joiner", _ =>
        {
            (bool wasUsed, isUsed) = (isUsed, true);
            return wasUsed ? separator : "";
        });
    }
}
