namespace LlamaEngine.Templates.Jinja;

/// <summary>Parses a template into statements.</summary>
internal sealed class TemplateParser
{
    private readonly TokenReader _tokens;
    private readonly ExpressionParser _expressions;
    private int _loopDepth;

    private TemplateParser(IReadOnlyList<Token> tokens)
    {
        _tokens = new TokenReader(tokens);
        _expressions = new ExpressionParser(_tokens);
    }

    /// <summary>Parses a whole template.</summary>
    /// <exception cref="ModelFormatException">The source is not a valid template.</exception>
    public static IReadOnlyList<Statement> Parse(string source)
    {
        TemplateParser parser = new(Lexer.Tokenize(source));
        return parser.ParseUntil([]);
    }

    /// <summary>Statements up to a tag that begins with one of the names; the name is left to be read.</summary>
    private List<Statement> ParseUntil(IReadOnlyList<string> endNames)
    {
        List<Statement> statements = [];
        while (_tokens.Current.Kind != TokenKind.End)
        {
            Token token = _tokens.Take();
            if (token.Kind == TokenKind.Text)
                statements.Add(new TextStatement(token.Text));
            else if (token.Kind == TokenKind.PrintBegin)
                statements.Add(ParsePrint());
            else if (endNames.Contains(_tokens.Current.Text) && _tokens.Current.Kind == TokenKind.Name)
                return statements;
            else
                statements.AddRange(_tokens.Nested(ParseTag));
        }
        return endNames.Count == 0
            ? statements
            : throw _tokens.Error($"Unexpected end of template. Jinja was looking for the following tags: {string.Join(" or ", endNames)}.");
    }

    private Print ParsePrint()
    {
        Print print = new(_expressions.ParseTuple());
        _tokens.Expect(TokenKind.PrintEnd);
        return print;
    }

    private IReadOnlyList<Statement> ParseTag()
    {
        if (_tokens.Current.Kind != TokenKind.Name)
            throw _tokens.Error("tag name expected");
        IReadOnlyList<Statement> parsed = _tokens.Take().Text switch
        {
            "if" => [ParseIf()],
            "for" => [ParseFor()],
            "set" => [ParseSet()],
            "macro" => [ParseMacro()],
            "call" => [ParseCall()],
            "filter" => [ParseFilter()],
            "with" => [ParseWith()],
            "break" => [InLoop(new Break())],
            "continue" => [InLoop(new Continue())],
            "print" => ParsePrintTag(),
            // The text of an assistant's turn, for trainers that mask the rest: rendered like a block of its own.
            "generation" => [new With([], ParseBody("endgeneration"))],
            string name => throw _tokens.Error($"Encountered unknown tag '{name}'."),
        };
        _tokens.Expect(TokenKind.BlockEnd);
        return parsed;
    }

    /// <summary>The rest of an opening tag and all up to the closing one.</summary>
    private List<Statement> ParseBody(string endName)
    {
        List<Statement> body = ParseBodyUntil([endName]);
        _tokens.Take();
        return body;
    }

    private List<Statement> ParseBodyUntil(params IReadOnlyList<string> endNames)
    {
        _tokens.SkipOperator(":");
        _tokens.Expect(TokenKind.BlockEnd);
        return ParseUntil(endNames);
    }

    private If ParseIf()
    {
        List<Branch> branches = [];
        string next;
        do
        {
            Expression condition = _expressions.ParseTuple(withCondition: false);
            branches.Add(new Branch(condition, ParseBodyUntil("elif", "else", "endif")));
            next = _tokens.Take().Text;
        }
        while (next == "elif");
        return new If(branches, next == "else" ? ParseBody("endif") : []);
    }

    private For ParseFor()
    {
        Target target = ParseTarget(endName: "in");
        _tokens.ExpectName("in");
        Expression iterable = _expressions.ParseTuple(withCondition: false, endName: "recursive");
        Expression? condition = _tokens.SkipName("if") ? _expressions.Parse() : null;
        bool isRecursive = _tokens.SkipName("recursive");
        _loopDepth++;
        List<Statement> body = ParseBodyUntil("endfor", "else");
        _loopDepth--;
        List<Statement> otherwise = _tokens.Take().Text == "else" ? ParseBody("endfor") : [];
        return new For(target, iterable, condition, isRecursive, body, otherwise);
    }

    private Statement InLoop(Statement jump) =>
        _loopDepth > 0 ? jump : throw _tokens.Error("'break' and 'continue' are only allowed in a loop");

    private Statement ParseSet()
    {
        Target target = ParseTarget(withNamespace: true);
        if (_tokens.SkipOperator("="))
            return new Set(target, _expressions.ParseTuple());
        FilterCall? filter = _tokens.SkipOperator("|") ? _expressions.ParseFilterChain() : null;
        return new SetBlock(target, filter, ParseBody("endset"));
    }

    private MacroDefinition ParseMacro()
    {
        string name = ParseAssignableName();
        return new MacroDefinition(name, ParseCallable(ParseParameters(), "endmacro"));
    }

    private CallBlock ParseCall()
    {
        IReadOnlyList<Parameter> parameters = _tokens.Current.IsOperator("(") ? ParseParameters() : [];
        if (_expressions.Parse() is not Call call)
            throw _tokens.Error("expected call");
        return new CallBlock(call, ParseCallable(parameters, "endcall"));
    }

    /// <summary>A body that runs on its own: it cannot leave the loop around its definition.</summary>
    private MacroBody ParseCallable(IReadOnlyList<Parameter> parameters, string endName)
    {
        (int loopDepth, _loopDepth) = (_loopDepth, 0);
        HashSet<string> usedOutside = _expressions.TakeUsed();
        List<Statement> body = ParseBody(endName);
        HashSet<string> used = _expressions.TakeUsed();
        _expressions.MarkUsed(usedOutside.Concat(used));
        _loopDepth = loopDepth;
        return new MacroBody(parameters, body, used);
    }

    private List<Parameter> ParseParameters()
    {
        List<Parameter> parameters = [];
        _tokens.ExpectOperator("(");
        while (!_tokens.SkipOperator(")"))
        {
            if (parameters.Count > 0)
                _tokens.ExpectOperator(",");
            string name = ParseAssignableName();
            Expression? fallback = _tokens.SkipOperator("=") ? _expressions.Parse() : null;
            if (fallback is null && parameters.Count > 0 && parameters[^1].Default is not null)
                throw _tokens.Error("non-default argument follows default argument");
            parameters.Add(new Parameter(name, fallback));
        }
        return parameters;
    }

    private FilterBlock ParseFilter() => new(_expressions.ParseFilterChain(), ParseBody("endfilter"));

    private With ParseWith()
    {
        List<KeyValuePair<Target, Expression>> variables = [];
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (variables.Count > 0)
                _tokens.ExpectOperator(",");
            Target target = ParseTarget();
            _tokens.ExpectOperator("=");
            variables.Add(KeyValuePair.Create(target, _expressions.Parse()));
        }
        return new With(variables, ParseBody("endwith"));
    }

    private List<Statement> ParsePrintTag()
    {
        List<Statement> prints = [];
        while (_tokens.Current.Kind != TokenKind.BlockEnd)
        {
            if (prints.Count > 0)
                _tokens.ExpectOperator(",");
            prints.Add(new Print(_expressions.Parse()));
        }
        return prints;
    }

    private Target ParseTarget(string? endName = null, bool withNamespace = false)
    {
        List<Target> items = [];
        bool isTuple = false;
        while (items.Count == 0 || (!IsTargetEnd() && !(endName is not null && _tokens.Current.IsName(endName))))
        {
            items.Add(ParseSingleTarget(withNamespace));
            if (!_tokens.SkipOperator(","))
                break;
            isTuple = true;
        }
        return isTuple ? new TupleTarget(items) : items[0];
    }

    private bool IsTargetEnd() =>
        _tokens.Current.Kind == TokenKind.BlockEnd || _tokens.Current is { Kind: TokenKind.Operator, Text: ")" or "=" };

    private Target ParseSingleTarget(bool withNamespace)
    {
        if (_tokens.SkipOperator("("))
        {
            Target inner = _tokens.Nested(() => ParseTarget(withNamespace: withNamespace));
            _tokens.ExpectOperator(")");
            return inner;
        }
        string name = ParseAssignableName();
        return withNamespace && _tokens.SkipOperator(".") ? new NamespaceTarget(name, _tokens.ExpectAnyName()) : new NameTarget(name);
    }

    private string ParseAssignableName()
    {
        string name = _tokens.ExpectAnyName();
        return name is "true" or "false" or "none" or "True" or "False" or "None"
            ? throw _tokens.Error($"can't assign to '{name}'")
            : name;
    }
}
