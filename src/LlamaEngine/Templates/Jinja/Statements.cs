namespace LlamaEngine.Templates.Jinja;

/// <summary>A node that does something.</summary>
internal abstract record Statement;

internal sealed record TextStatement(string Text) : Statement;

internal sealed record Print(Expression Value) : Statement;

internal sealed record If(IReadOnlyList<Branch> Branches, IReadOnlyList<Statement> Else) : Statement;

internal sealed record Branch(Expression Condition, IReadOnlyList<Statement> Body);

/// <param name="Condition">Elements that do not meet it are left out; null for none.</param>
/// <param name="IsRecursive">True if <c>loop(…)</c> may be called.</param>
internal sealed record For(
    Target Target,
    Expression Iterable,
    Expression? Condition,
    bool IsRecursive,
    IReadOnlyList<Statement> Body,
    IReadOnlyList<Statement> Else) : Statement;

internal sealed record Break : Statement;

internal sealed record Continue : Statement;

internal sealed record Set(Target Target, Expression Value) : Statement;

/// <summary><c>{% set x %}…{% endset %}</c>: the rendered body, filtered if there is a filter.</summary>
internal sealed record SetBlock(Target Target, FilterCall? Filter, IReadOnlyList<Statement> Body) : Statement;

internal sealed record MacroDefinition(string Name, MacroBody Body) : Statement;

/// <summary><c>{% call(x) m() %}…{% endcall %}</c>: calls a macro that calls the body back.</summary>
internal sealed record CallBlock(Call Call, MacroBody Body) : Statement;

internal sealed record FilterBlock(FilterCall Filter, IReadOnlyList<Statement> Body) : Statement;

internal sealed record With(IReadOnlyList<KeyValuePair<Target, Expression>> Variables, IReadOnlyList<Statement> Body) : Statement;

/// <summary>What can be called of a macro.</summary>
/// <param name="Uses">Which of <c>caller</c>, <c>kwargs</c> and <c>varargs</c> the body speaks of: it gets only those.</param>
internal sealed record MacroBody(IReadOnlyList<Parameter> Parameters, IReadOnlyList<Statement> Body, IReadOnlySet<string> Uses);

internal sealed record Parameter(string Name, Expression? Default);

/// <summary>What an assignment assigns to.</summary>
internal abstract record Target;

internal sealed record NameTarget(string Name) : Target;

internal sealed record TupleTarget(IReadOnlyList<Target> Items) : Target;

/// <summary>An attribute of a namespace.</summary>
internal sealed record NamespaceTarget(string Namespace, string Attribute) : Target;
