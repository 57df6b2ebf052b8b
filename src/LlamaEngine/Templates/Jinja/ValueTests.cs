using System.Collections.Frozen;
using System.Numerics;

namespace LlamaEngine.Templates.Jinja;

/// <summary>What can stand behind <c>is</c>.</summary>
internal static class ValueTests
{
    /// <summary>A test of a value.</summary>
    public delegate bool Test(Evaluator evaluator, object? value, Arguments arguments);

    private static readonly FrozenDictionary<string, Test> s_tests = new Dictionary<string, Test>
    {
        ["defined"] = Plain(value => value is not Undefined),
        ["undefined"] = Plain(value => value is Undefined),
        ["none"] = Plain(value => value is null),
        ["boolean"] = Plain(value => value is bool),
        ["true"] = Plain(value => value is true),
        ["false"] = Plain(value => value is false),
        ["integer"] = Plain(value => value is BigInteger),
        ["float"] = Plain(value => value is double),
        ["number"] = Plain(Numbers.IsNumber),
        ["string"] = Plain(value => value is string),
        ["mapping"] = Plain(value => value is Mapping),
        ["sequence"] = Plain(value => value is string or PythonRange or Mapping or Undefined or Sequence { IsIndexable: true }),
        ["iterable"] = Plain(Iteration.IsIterable),
        ["callable"] = Plain(value => value is Function or Macro or LoopState or Undefined),
        ["escaped"] = Plain(_ => false),
        ["lower"] = (evaluator, value, _) => HasCase(evaluator.ToText(value), char.IsLower, char.IsUpper),
        ["upper"] = (evaluator, value, _) => HasCase(evaluator.ToText(value), char.IsUpper, char.IsLower),
        ["filter"] = Plain(value => value is string name && Filters.Exists(name)),
        ["test"] = Plain(value => value is string name && Exists(name)),
        ["odd"] = (evaluator, value, _) => AreEqual(Arithmetic.Apply("%", value, new BigInteger(2), evaluator.Budget), BigInteger.One),
        ["even"] = (evaluator, value, _) => AreEqual(Arithmetic.Apply("%", value, new BigInteger(2), evaluator.Budget), BigInteger.Zero),
        ["divisibleby"] = (evaluator, value, arguments) =>
            AreEqual(Arithmetic.Apply("%", value, arguments.Next("num"), evaluator.Budget), BigInteger.Zero),
        ["sameas"] = (_, value, arguments) => IsSame(value, arguments.Next("other")),
        ["in"] = (evaluator, value, arguments) => Comparison.Contains(arguments.Next("seq"), value, evaluator.Budget),
        ["=="] = Equal, ["eq"] = Equal, ["equalto"] = Equal,
        ["!="] = NotEqual, ["ne"] = NotEqual,
        ["<"] = Less, ["lt"] = Less, ["lessthan"] = Less,
        ["<="] = LessOrEqual, ["le"] = LessOrEqual,
        [">"] = Greater, ["gt"] = Greater, ["greaterthan"] = Greater,
        [">="] = GreaterOrEqual, ["ge"] = GreaterOrEqual,
    }.ToFrozenDictionary();

    public static bool Exists(string name) => s_tests.ContainsKey(name);

    /// <exception cref="ChatTemplateException">There is no such test.</exception>
    public static Test Find(string name) =>
        s_tests.TryGetValue(name, out Test? test) ? test : throw new ChatTemplateException($"No test named {PythonText.Quote(name)}.");

    private static Test Plain(Func<object?, bool> test) => (_, value, arguments) =>
    {
        arguments.End();
        return test(value);
    };

    private static bool Equal(Evaluator evaluator, object? value, Arguments arguments) => AreEqual(value, Other(evaluator, value, arguments));

    private static bool NotEqual(Evaluator evaluator, object? value, Arguments arguments) => !AreEqual(value, Other(evaluator, value, arguments));

    private static bool Less(Evaluator evaluator, object? value, Arguments arguments) =>
        Comparison.Order(value, Other(evaluator, value, arguments)) < 0;

    private static bool LessOrEqual(Evaluator evaluator, object? value, Arguments arguments) =>
        Comparison.Order(value, Other(evaluator, value, arguments), "<=") <= 0;

    private static bool Greater(Evaluator evaluator, object? value, Arguments arguments) =>
        Comparison.Order(value, Other(evaluator, value, arguments), ">") > 0;

    private static bool GreaterOrEqual(Evaluator evaluator, object? value, Arguments arguments) =>
        Comparison.Order(value, Other(evaluator, value, arguments), ">=") >= 0;

    private static bool AreEqual(object? left, object? right) => Comparison.AreEqual(left, right);

    /// <summary>The value to compare with; going through both is paid for.</summary>
    private static object? Other(Evaluator evaluator, object? value, Arguments arguments)
    {
        object? other = arguments.Next("other");
        evaluator.Budget.Charge(Math.Min(Weight.Of(value), Weight.Of(other)));
        return other;
    }

    /// <summary>Identity, where small values that are equal count as the same object.</summary>
    private static bool IsSame(object? value, object? other) => value is null or bool or BigInteger or string
        ? value?.GetType() == other?.GetType() && AreEqual(value, other)
        : ReferenceEquals(value, other);

    private static bool HasCase(string text, Func<char, bool> wanted, Func<char, bool> unwanted) => text.Any(wanted) && !text.Any(unwanted);
}
