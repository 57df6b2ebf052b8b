namespace LlamaEngine.Templates.Jinja;

/// <summary>Computes the values of expressions for one rendering.</summary>
internal sealed class Evaluator(Budget budget)
{
    /// <summary>What this rendering may still use up.</summary>
    public Budget Budget { get; } = budget;

    /// <summary>Runs a macro; set by the renderer, which alone can run statements.</summary>
    public required Func<Macro, Arguments, string> RunMacro { private get; init; }

    public object? Evaluate(Expression expression, Scope scope)
    {
        Budget.Enter();
        object? value = expression switch
        {
            Literal literal => literal.Value,
            Variable variable => Lookup(variable.Name, scope),
            AttributeAccess access => Subscript.Attribute(Evaluate(access.Target, scope), access.Name, Budget),
            ItemAccess access => Subscript.Item(Evaluate(access.Target, scope), Evaluate(access.Key, scope), Budget),
            Slice slice => EvaluateSlice(slice, scope),
            Call call => Invoke(Evaluate(call.Target, scope), call.Arguments, scope),
            FilterCall filter => EvaluateFilter(filter, Evaluate(filter.Input!, scope), scope),
            TestCall test => EvaluateTest(test, scope),
            _ => EvaluateOperator(expression, scope),
        };
        Budget.Leave();
        return value;
    }

    public bool IsTrue(Expression condition, Scope scope) => Truth.Of(Evaluate(condition, scope));

    /// <summary>Applies a filter to a value that is already there.</summary>
    public object? ApplyFilter(FilterCall filter, object? input, Scope scope)
    {
        Budget.Enter();
        object? value = filter.Input is FilterCall inner ? ApplyFilter(inner, input, scope) : input;
        object? result = EvaluateFilter(filter, value, scope);
        Budget.Leave();
        return result;
    }

    /// <summary>Applies a filter by name.</summary>
    public object? ApplyFilter(string name, object? value, Arguments arguments)
    {
        object? result = Filters.Find(name)(this, value, arguments);
        Budget.ChargeCopy(result);
        return result;
    }

    /// <summary>Applies a test by name.</summary>
    public bool ApplyTest(string name, object? value, Arguments arguments)
    {
        Budget.Charge(1);
        return ValueTests.Find(name)(this, value, arguments);
    }

    /// <summary>Calls whatever can be called.</summary>
    public object? Invoke(object? callee, CallArguments written, Scope scope, KeyValuePair<string, object?>? extra = null)
    {
        Arguments arguments = EvaluateArguments(NameOf(callee), written, scope, extra);
        return callee switch
        {
            Function function => function.Invoke(arguments),
            Macro macro => RunMacro(macro, arguments),
            LoopState loop => loop.Recurse(arguments.Next("iterable")),
            Undefined undefined => throw undefined.Error(),
            _ => throw new ChatTemplateException($"'{PythonType.Name(callee)}' object is not callable"),
        };
    }

    private static string NameOf(object? callee) => callee switch
    {
        Function function => function.Name,
        Macro macro => macro.Name,
        _ => "loop",
    };

    private static object? Lookup(string name, Scope scope) =>
        scope.TryGet(name, out object? value) ? value : Undefined.Variable(name);

    private object? EvaluateOperator(Expression expression, Scope scope) => expression switch
    {
        Binary binary => Arithmetic.Apply(binary.Sign, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), Budget),
        Comparisons comparisons => EvaluateComparisons(comparisons, scope),
        And and => Evaluate(and.Left, scope) is var left && Truth.Of(left) ? Evaluate(and.Right, scope) : left,
        Or or => Evaluate(or.Left, scope) is var left && Truth.Of(left) ? left : Evaluate(or.Right, scope),
        Not not => !IsTrue(not.Operand, scope),
        Conditional conditional => EvaluateConditional(conditional, scope),
        Concatenation concatenation => Concatenate(concatenation, scope),
        Signed { Sign: "-" } signed => Arithmetic.Negate(Evaluate(signed.Operand, scope)),
        Signed signed => Arithmetic.Affirm(Evaluate(signed.Operand, scope)),
        ListLiteral list => Sequence.List(EvaluateAll(list.Items, scope)),
        TupleLiteral tuple => Sequence.Tuple(EvaluateAll(tuple.Items, scope)),
        DictLiteral dict => EvaluateDict(dict, scope),
        _ => throw new InvalidOperationException($"no such expression: {expression.GetType().Name}"),
    };

    private object? EvaluateConditional(Conditional conditional, Scope scope)
    {
        if (IsTrue(conditional.Condition, scope))
            return Evaluate(conditional.Then, scope);
        return conditional.Else is null
            ? Undefined.Because($"the inline if-expression on line {conditional.Line} evaluated to false and no else section was defined.")
            : Evaluate(conditional.Else, scope);
    }

    private bool EvaluateComparisons(Comparisons comparisons, Scope scope)
    {
        object? left = Evaluate(comparisons.First, scope);
        foreach ((string sign, Expression operand) in comparisons.Links)
        {
            object? right = Evaluate(operand, scope);
            if (!Compare(sign, left, right))
                return false;
            left = right;
        }
        return true;
    }

    private bool Compare(string sign, object? left, object? right)
    {
        if (sign is "in" or "not in")
            return Comparison.Contains(right, left, Budget) == (sign == "in");
        Budget.Charge(Math.Min(Weight.Of(left), Weight.Of(right)));
        return sign switch
        {
            "==" => Comparison.AreEqual(left, right),
            "!=" => !Comparison.AreEqual(left, right),
            "<" => Comparison.Order(left, right, sign) < 0,
            "<=" => Comparison.Order(left, right, sign) <= 0,
            ">" => Comparison.Order(left, right, sign) > 0,
            _ => Comparison.Order(left, right, sign) >= 0,
        };
    }

    private string Concatenate(Concatenation concatenation, Scope scope)
    {
        BoundedText text = new();
        foreach (Expression part in concatenation.Parts)
            text.Append(ToText(Evaluate(part, scope)));
        return text.ToString();
    }

    /// <summary>Python's <c>str(value)</c>, paid for.</summary>
    public string ToText(object? value)
    {
        Budget.ChargeFor(value);
        return PythonText.Str(value);
    }

    private object? EvaluateSlice(Slice slice, Scope scope)
    {
        object? target = Evaluate(slice.Target, scope);
        object? start = slice.Start is null ? null : Evaluate(slice.Start, scope);
        object? stop = slice.Stop is null ? null : Evaluate(slice.Stop, scope);
        object? step = slice.Step is null ? null : Evaluate(slice.Step, scope);
        return Subscript.Slice(target, start, stop, step, Budget);
    }

    private object? EvaluateFilter(FilterCall filter, object? input, Scope scope) =>
        ApplyFilter(filter.Name, input, EvaluateArguments(filter.Name, filter.Arguments, scope));

    private bool EvaluateTest(TestCall test, Scope scope)
    {
        object? input = Evaluate(test.Input, scope);
        return ApplyTest(test.Name, input, EvaluateArguments(test.Name, test.Arguments, scope));
    }

    private object?[] EvaluateAll(IReadOnlyList<Expression> items, Scope scope)
    {
        object?[] values = new object?[items.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = Evaluate(items[i], scope);
        return values;
    }

    private Mapping EvaluateDict(DictLiteral dict, Scope scope)
    {
        OrderedDictionary<Key, object?> entries = [];
        foreach ((Expression key, Expression value) in dict.Entries)
        {
            object? evaluated = Evaluate(key, scope);
            Budget.ChargeFor(evaluated);
            entries[Key.Of(evaluated)] = Evaluate(value, scope);
        }
        return new Mapping(entries);
    }

    private Arguments EvaluateArguments(string callee, CallArguments written, Scope scope, KeyValuePair<string, object?>? extra = null)
    {
        if (ReferenceEquals(written, CallArguments.None) && extra is null)
            return Arguments.None(callee);
        List<object?> positional = [.. EvaluateAll(written.Positional, scope)];
        if (written.Star is not null)
            positional.AddRange(Iteration.ToList(Evaluate(written.Star, scope), Budget));
        List<KeyValuePair<string, object?>> named = [];
        foreach ((string name, Expression value) in written.Named)
            named.Add(KeyValuePair.Create(name, Evaluate(value, scope)));
        if (written.DoubleStar is not null)
            named.AddRange(SpreadNamed(Evaluate(written.DoubleStar, scope)));
        if (extra is { } given)
            named.Add(given);
        return new Arguments(callee, positional, named);
    }

    private IEnumerable<KeyValuePair<string, object?>> SpreadNamed(object? value)
    {
        if (value is not Mapping mapping)
            throw new ChatTemplateException("argument after ** must be a mapping");
        Budget.Charge(mapping.Count);
        return mapping.Entries.Select(entry => entry.Key is string name
            ? KeyValuePair.Create(name, entry.Value)
            : throw new ChatTemplateException("keywords must be strings"));
    }
}
