namespace LlamaEngine.Templates.Jinja;

/// <summary>Parses expressions: one method per level of precedence, loosest first.</summary>
internal sealed partial class ExpressionParser(TokenReader tokens)
{
    /// <summary>A whole expression.</summary>
    /// <param name="withCondition">False where a following <c>if</c> belongs to the statement (in <c>for</c>).</param>
    public Expression Parse(bool withCondition = true) => tokens.Nested<Expression>(withCondition ? ParseConditional : ParseOr);

    /// <summary>An expression, or a tuple of some without parentheses.</summary>
    /// <param name="endName">A name that ends the tuple, besides the end of the tag.</param>
    public Expression ParseTuple(bool withCondition = true, string? endName = null, bool mayBeEmpty = false)
    {
        List<Expression> items = [];
        bool isTuple = false;
        while (!IsTupleEnd(endName))
        {
            items.Add(Parse(withCondition));
            if (!tokens.SkipOperator(","))
                break;
            isTuple = true;
        }
        if (!isTuple && items.Count == 1)
            return items[0];
        if (items.Count == 0 && !mayBeEmpty)
            throw tokens.Error($"Expected an expression, got '{tokens.Current.Description}'");
        return new TupleLiteral(items);
    }

    private bool IsTupleEnd(string? endName) => tokens.Current.Kind is TokenKind.PrintEnd or TokenKind.BlockEnd
        || tokens.Current.IsOperator(")")
        || (endName is not null && tokens.Current.IsName(endName));

    private Expression ParseConditional()
    {
        int line = tokens.Current.Line;
        Expression value = ParseOr();
        while (tokens.SkipName("if"))
        {
            Expression condition = ParseOr();
            Expression? otherwise = tokens.SkipName("else") ? tokens.Nested(ParseConditional) : null;
            value = new Conditional(condition, value, otherwise, line);
        }
        return value;
    }

    private Expression ParseOr()
    {
        Expression left = ParseAnd();
        while (tokens.SkipName("or"))
            left = new Or(left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        Expression left = ParseNot();
        while (tokens.SkipName("and"))
            left = new And(left, ParseNot());
        return left;
    }

    private Expression ParseNot() => tokens.SkipName("not") ? new Not(tokens.Nested(ParseNot)) : ParseComparisons();

    private Expression ParseComparisons()
    {
        Expression first = ParseSum();
        List<KeyValuePair<string, Expression>> links = [];
        while (TakeComparison() is { } sign)
            links.Add(KeyValuePair.Create(sign, ParseSum()));
        return links.Count == 0 ? first : new Comparisons(first, links);
    }

    private string? TakeComparison()
    {
        if (tokens.Current is { Kind: TokenKind.Operator, Text: "==" or "!=" or "<" or "<=" or ">" or ">=" })
            return tokens.Take().Text;
        if (tokens.SkipName("in"))
            return "in";
        if (!tokens.Current.IsName("not") || !tokens.Following.IsName("in"))
            return null;
        tokens.Take();
        tokens.Take();
        return "not in";
    }

    private Expression ParseSum()
    {
        Expression left = ParseConcatenation();
        while (tokens.Current is { Kind: TokenKind.Operator, Text: "+" or "-" })
            left = new Binary(tokens.Take().Text, left, ParseConcatenation());
        return left;
    }

    private Expression ParseConcatenation()
    {
        List<Expression> parts = [ParseProduct()];
        while (tokens.SkipOperator("~"))
            parts.Add(ParseProduct());
        return parts.Count == 1 ? parts[0] : new Concatenation(parts);
    }

    private Expression ParseProduct()
    {
        Expression left = ParsePower();
        while (tokens.Current is { Kind: TokenKind.Operator, Text: "*" or "/" or "//" or "%" })
            left = new Binary(tokens.Take().Text, left, ParsePower());
        return left;
    }

    /// <summary>Powers group to the left, as jinja2 has it and Python has not.</summary>
    private Expression ParsePower()
    {
        Expression left = ParseUnary(withFilters: true);
        while (tokens.SkipOperator("**"))
            left = new Binary("**", left, ParseUnary(withFilters: true));
        return left;
    }

    /// <param name="withFilters">False behind a sign: <c>-x|abs</c> filters <c>-x</c>.</param>
    private Expression ParseUnary(bool withFilters)
    {
        Expression value = tokens.Current is { Kind: TokenKind.Operator, Text: "-" or "+" }
            ? new Signed(tokens.Take().Text, tokens.Nested(() => ParseUnary(withFilters: false)))
            : ParsePrimary();
        value = ParsePostfix(value);
        return withFilters ? ParseFiltersAndTests(value) : value;
    }
}
