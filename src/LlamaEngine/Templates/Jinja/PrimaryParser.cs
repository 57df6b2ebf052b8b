using System.Text;

namespace LlamaEngine.Templates.Jinja;

/// <summary>Literals, names, and what can follow a value: attributes, subscripts, calls, filters and tests.</summary>
internal sealed partial class ExpressionParser
{
    private HashSet<string> _used = [];

    /// <summary>Which of a macro's special variables were spoken of since the last call.</summary>
    public HashSet<string> TakeUsed()
    {
        HashSet<string> used = _used;
        _used = [];
        return used;
    }

    /// <summary>Adds to what <see cref="TakeUsed"/> returns next.</summary>
    public void MarkUsed(IEnumerable<string> names) => _used.UnionWith(names);

    /// <summary>Filters behind a block's <c>filter</c> or <c>set</c>; the first has no input.</summary>
    public FilterCall ParseFilterChain(FilterCall? input = null)
    {
        FilterCall chain = ParseFilter(input);
        while (tokens.SkipOperator("|"))
            chain = ParseFilter(chain);
        return chain;
    }

    /// <summary>The arguments of a call, parentheses included.</summary>
    public CallArguments ParseArguments()
    {
        List<Expression> positional = [];
        List<KeyValuePair<string, Expression>> named = [];
        Expression? star = null;
        Expression? doubleStar = null;
        tokens.ExpectOperator("(");
        while (!tokens.Current.IsOperator(")"))
        {
            if (star is null && doubleStar is null && tokens.SkipOperator("*"))
                star = Parse();
            else if (doubleStar is null && tokens.SkipOperator("**"))
                doubleStar = Parse();
            else if (doubleStar is null && tokens.Current.Kind == TokenKind.Name && tokens.Following.IsOperator("="))
                named.Add(ParseNamedArgument());
            else if (star is null && doubleStar is null && named.Count == 0)
                positional.Add(Parse());
            else
                throw tokens.Error("invalid syntax for function call expression");
            if (!tokens.SkipOperator(","))
                break;
        }
        tokens.ExpectOperator(")");
        return new CallArguments(positional, named, star, doubleStar);
    }

    private KeyValuePair<string, Expression> ParseNamedArgument()
    {
        string name = tokens.Take().Text;
        tokens.Take();
        return KeyValuePair.Create(name, Parse());
    }

    private Expression ParsePrimary()
    {
        Token token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                tokens.Take();
                return OfName(token.Text);
            case TokenKind.String:
                return ParseStrings();
            case TokenKind.Integer or TokenKind.Float:
                return new Literal(tokens.Take().Number);
            case TokenKind.Operator when token.Text is "(" or "[" or "{":
                tokens.Take();
                return tokens.Nested(() => ParseBracketed(token.Text));
            default:
                throw tokens.Error($"unexpected '{token.Description}'");
        }
    }

    private Expression OfName(string name)
    {
        if (name is "caller" or "kwargs" or "varargs")
            _used.Add(name);
        return name switch
        {
            "true" or "True" => new Literal(true),
            "false" or "False" => new Literal(false),
            "none" or "None" => new Literal(null),
            _ => new Variable(name),
        };
    }

    /// <summary>A string; several in a row are one.</summary>
    private Literal ParseStrings()
    {
        StringBuilder text = new();
        while (tokens.Current.Kind == TokenKind.String)
            text.Append(tokens.Take().Text);
        return new Literal(text.ToString());
    }

    private Expression ParseBracketed(string bracket)
    {
        switch (bracket)
        {
            case "(":
                Expression inside = ParseTuple(mayBeEmpty: true);
                tokens.ExpectOperator(")");
                return inside;
            case "[":
                return new ListLiteral(ParseUntil("]", () => Parse()));
            default:
                return new DictLiteral(ParseUntil("}", ParseEntry));
        }
    }

    private KeyValuePair<Expression, Expression> ParseEntry()
    {
        Expression key = Parse();
        tokens.ExpectOperator(":");
        return KeyValuePair.Create(key, Parse());
    }

    private List<T> ParseUntil<T>(string close, Func<T> parseItem)
    {
        List<T> items = [];
        while (!tokens.SkipOperator(close))
        {
            if (items.Count > 0)
                tokens.ExpectOperator(",");
            if (tokens.SkipOperator(close))
                break;
            items.Add(parseItem());
        }
        return items;
    }

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            if (tokens.SkipOperator("."))
                value = ParseAttribute(value);
            else if (tokens.SkipOperator("["))
                value = ParseSubscript(value);
            else if (tokens.Current.IsOperator("("))
                value = new Call(value, ParseArguments());
            else
                return value;
        }
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (tokens.SkipOperator("|"))
                value = ParseFilter(value);
            else if (tokens.SkipName("is"))
                value = ParseTest(value);
            else if (tokens.Current.IsOperator("("))
                value = new Call(value, ParseArguments());
            else
                return value;
        }
    }

    private Expression ParseAttribute(Expression target)
    {
        Token member = tokens.Take();
        return member.Kind switch
        {
            TokenKind.Name => new AttributeAccess(target, member.Text),
            TokenKind.Integer => new ItemAccess(target, new Literal(member.Number)),
            _ => throw SourceText.ErrorAt(member.Line, "expected name or number"),
        };
    }

    private Expression ParseSubscript(Expression target)
    {
        if (tokens.SkipOperator("]"))
            return new ItemAccess(target, new TupleLiteral([]));
        Expression? start = tokens.Current.IsOperator(":") ? null : ParseTupleInSubscript();
        if (start is not null && !tokens.Current.IsOperator(":"))
        {
            tokens.ExpectOperator("]");
            return new ItemAccess(target, start);
        }
        tokens.ExpectOperator(":");
        Expression? stop = ParseBound();
        Expression? step = tokens.SkipOperator(":") ? ParseBound() : null;
        tokens.ExpectOperator("]");
        return new Slice(target, start, stop, step);
    }

    private Expression ParseTupleInSubscript()
    {
        List<Expression> items = [Parse()];
        while (tokens.SkipOperator(","))
            items.Add(Parse());
        return items.Count == 1 ? items[0] : new TupleLiteral(items);
    }

    private Expression? ParseBound() => tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]") ? null : Parse();

    private FilterCall ParseFilter(Expression? input)
    {
        string name = ParseDottedName();
        return new FilterCall(input, name, tokens.Current.IsOperator("(") ? ParseArguments() : CallArguments.None);
    }

    private Expression ParseTest(Expression input)
    {
        bool isNegated = tokens.SkipName("not");
        TestCall test = new(input, ParseDottedName(), ParseTestArguments());
        return isNegated ? new Not(test) : test;
    }

    /// <summary>A test's arguments, or its only one without parentheses, as in <c>x is divisibleby 3</c>.</summary>
    private CallArguments ParseTestArguments()
    {
        Token token = tokens.Current;
        if (token.IsOperator("("))
            return ParseArguments();
        bool begins = token.Kind is TokenKind.String or TokenKind.Integer or TokenKind.Float or TokenKind.Name
            || token is { Kind: TokenKind.Operator, Text: "[" or "{" };
        if (!begins || token is { Kind: TokenKind.Name, Text: "else" or "or" or "and" })
            return CallArguments.None;
        if (token.IsName("is"))
            throw tokens.Error("You cannot chain multiple tests with is");
        return CallArguments.None with { Positional = [ParsePostfix(ParsePrimary())] };
    }

    private string ParseDottedName()
    {
        string first = tokens.ExpectAnyName();
        if (!tokens.SkipOperator("."))
            return first;
        StringBuilder name = new(first);
        do
            name.Append('.').Append(tokens.ExpectAnyName());
        while (tokens.SkipOperator("."));
        return name.ToString();
    }
}
