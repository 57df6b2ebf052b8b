namespace LlamaEngine.Templates.Jinja;

/// <summary>A node that has a value.</summary>
internal abstract record Expression;

internal sealed record Literal(object? Value) : Expression;

internal sealed record Variable(string Name) : Expression;

internal sealed record ListLiteral(IReadOnlyList<Expression> Items) : Expression;

internal sealed record TupleLiteral(IReadOnlyList<Expression> Items) : Expression;

internal sealed record DictLiteral(IReadOnlyList<KeyValuePair<Expression, Expression>> Entries) : Expression;

/// <summary>A sign before its operand: <c>-</c> or <c>+</c>.</summary>
internal sealed record Signed(string Sign, Expression Operand) : Expression;

/// <summary>Arithmetic: one of <c>+ - * / // % **</c>.</summary>
internal sealed record Binary(string Sign, Expression Left, Expression Right) : Expression;

/// <summary><c>a ~ b ~ c</c>: the texts of all, one after another.</summary>
internal sealed record Concatenation(IReadOnlyList<Expression> Parts) : Expression;

/// <summary><c>a &lt; b &lt;= c</c>: a chain; the signs are Python's, with <c>not in</c> as one.</summary>
internal sealed record Comparisons(Expression First, IReadOnlyList<KeyValuePair<string, Expression>> Links) : Expression;

internal sealed record And(Expression Left, Expression Right) : Expression;

internal sealed record Or(Expression Left, Expression Right) : Expression;

internal sealed record Not(Expression Operand) : Expression;

/// <param name="Line">Where it stands, for the message of using it where there is no <c>else</c>.</param>
internal sealed record Conditional(Expression Condition, Expression Then, Expression? Else, int Line) : Expression;

internal sealed record AttributeAccess(Expression Target, string Name) : Expression;

internal sealed record ItemAccess(Expression Target, Expression Key) : Expression;

internal sealed record Slice(Expression Target, Expression? Start, Expression? Stop, Expression? Step) : Expression;

internal sealed record Call(Expression Target, CallArguments Arguments) : Expression;

/// <summary><c>input|name(arguments)</c>; the input is null in a filter block, which filters its own body.</summary>
internal sealed record FilterCall(Expression? Input, string Name, CallArguments Arguments) : Expression;

internal sealed record TestCall(Expression Input, string Name, CallArguments Arguments) : Expression;

/// <summary>The arguments written in a call.</summary>
/// <param name="Star">What <c>*x</c> spreads, if anything.</param>
/// <param name="DoubleStar">What <c>**x</c> spreads, if anything.</param>
internal sealed record CallArguments(
    IReadOnlyList<Expression> Positional,
    IReadOnlyList<KeyValuePair<string, Expression>> Named,
    Expression? Star,
    Expression? DoubleStar)
{
    public static CallArguments None { get; } = new([], [], null, null);
}
