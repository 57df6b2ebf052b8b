namespace LlamaEngine.Templates.Jinja;

/// <summary>Runs a template's statements and collects its output.</summary>
internal sealed class Renderer
{
    private readonly Budget _budget;
    private readonly Evaluator _evaluator;
    private BoundedText _output = new();

    private Renderer(Budget budget)
    {
        _budget = budget;
        _evaluator = new Evaluator(budget) { RunMacro = RunMacro };
    }

    /// <summary>How a statement ended.</summary>
    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    /// <summary>Renders a template.</summary>
    /// <param name="variables">What the template sees.</param>
    public static string Render(IReadOnlyList<Statement> template, Scope variables, Budget budget)
    {
        Renderer renderer = new(budget);
        renderer.Run(template, variables);
        return renderer._output.ToString();
    }

    private Flow Run(IReadOnlyList<Statement> statements, Scope scope)
    {
        foreach (Statement statement in statements)
        {
            _budget.Enter();
            Flow flow = Run(statement, scope);
            _budget.Leave();
            if (flow != Flow.Next)
                return flow;
        }
        return Flow.Next;
    }

    private Flow Run(Statement statement, Scope scope)
    {
        switch (statement)
        {
            case TextStatement text:
                Write(text.Text);
                return Flow.Next;
            case Print print:
                Write(_evaluator.ToText(_evaluator.Evaluate(print.Value, scope)));
                return Flow.Next;
            case If choice:
                return Run(Choose(choice, scope), scope);
            case For loop:
                RunLoop(loop, _evaluator.Evaluate(loop.Iterable, scope), scope, depth0: 0);
                return Flow.Next;
            case With with:
                return RunWith(with, scope);
            case Break:
                return Flow.Break;
            case Continue:
                return Flow.Continue;
            default:
                return RunDefinition(statement, scope);
        }
    }

    private Flow RunDefinition(Statement statement, Scope scope)
    {
        switch (statement)
        {
            case Set set:
                Assign(set.Target, _evaluator.Evaluate(set.Value, scope), scope);
                return Flow.Next;
            case SetBlock set:
                (string captured, Flow setFlow) = Capture(set.Body, new Scope(scope));
                if (setFlow == Flow.Next)
                    Assign(set.Target, set.Filter is null ? captured : _evaluator.ApplyFilter(set.Filter, captured, scope), scope);
                return setFlow;
            case FilterBlock block:
                (string body, Flow flow) = Capture(block.Body, new Scope(scope));
                if (flow == Flow.Next)
                    Write(_evaluator.ToText(_evaluator.ApplyFilter(block.Filter, body, scope)));
                return flow;
            case MacroDefinition definition:
                scope.Set(definition.Name, new Macro(definition.Name, definition.Body, scope));
                return Flow.Next;
            case CallBlock block:
                RunCallBlock(block, scope);
                return Flow.Next;
            default:
                throw new InvalidOperationException($"no such statement: {statement.GetType().Name}");
        }
    }

    private void Write(string text)
    {
        _budget.ChargeFor(text);
        _output.Append(text);
    }

    /// <summary>Runs statements with their output kept apart.</summary>
    private (string Text, Flow Flow) Capture(IReadOnlyList<Statement> body, Scope scope)
    {
        BoundedText outer = _output;
        _output = new BoundedText();
        Flow flow = Run(body, scope);
        string text = _output.ToString();
        _output = outer;
        return (text, flow);
    }

    private IReadOnlyList<Statement> Choose(If choice, Scope scope)
    {
        foreach (Branch branch in choice.Branches)
        {
            if (_evaluator.IsTrue(branch.Condition, scope))
                return branch.Body;
        }
        return choice.Else;
    }

    private Flow RunWith(With with, Scope scope)
    {
        Scope inner = new(scope);
        foreach ((Target target, Expression value) in with.Variables)
            Assign(target, _evaluator.Evaluate(value, scope), inner);
        return Run(with.Body, inner);
    }

    private void RunLoop(For loop, object? iterable, Scope scope, int depth0)
    {
        IEnumerator<object?> elements = Iteration.Of(iterable, _budget);
        bool hasLength = loop.Condition is null && iterable is not Generator;
        LoopState state = new(
            loop.Condition is null ? elements : Select(loop, elements, scope).GetEnumerator(),
            hasLength ? Iteration.Length(iterable, _budget) : -1,
            depth0,
            loop.IsRecursive ? items => Recurse(loop, items, scope, depth0 + 1) : null,
            _budget);
        Flow flow = Flow.Next;
        bool hasCompleted = false;
        while (flow != Flow.Break && state.MoveNext())
        {
            _budget.Charge(1);
            Scope inner = new(scope);
            inner.Set("loop", state);
            Assign(loop.Target, state.Current, inner);
            flow = Run(loop.Body, inner);
            hasCompleted |= flow == Flow.Next;
        }
        // As in jinja2, a loop whose every pass was cut short counts as one without any.
        if (!hasCompleted)
            Run(loop.Else, new Scope(scope));
    }

    /// <summary>The elements that meet the loop's condition, each asked only when it is needed.</summary>
    private IEnumerable<object?> Select(For loop, IEnumerator<object?> elements, Scope scope)
    {
        while (elements.MoveNext())
        {
            Scope inner = new(scope);
            Assign(loop.Target, elements.Current, inner);
            if (_evaluator.IsTrue(loop.Condition!, inner))
                yield return elements.Current;
        }
    }

    private string Recurse(For loop, object? items, Scope scope, int depth0)
    {
        _budget.Enter();
        BoundedText outer = _output;
        _output = new BoundedText();
        RunLoop(loop, items, scope, depth0);
        string text = _output.ToString();
        _output = outer;
        _budget.Leave();
        return text;
    }

    private void Assign(Target target, object? value, Scope scope)
    {
        switch (target)
        {
            case NameTarget name:
                scope.Set(name.Name, value);
                break;
            case TupleTarget tuple:
                Unpack(tuple, value, scope);
                break;
            case NamespaceTarget attribute:
                if (!scope.TryGet(attribute.Namespace, out object? owner) || owner is not Namespace space)
                    throw new ChatTemplateException("cannot assign attribute on non-namespace object");
                space.Attributes[attribute.Attribute] = value;
                break;
        }
    }

    private void Unpack(TupleTarget target, object? value, Scope scope)
    {
        if (!Iteration.IsIterable(value))
            throw new ChatTemplateException($"cannot unpack non-iterable {PythonType.Name(value)} object");
        List<object?> items = Iteration.ToList(value, _budget);
        if (items.Count != target.Items.Count)
        {
            throw new ChatTemplateException(items.Count < target.Items.Count
                ? $"not enough values to unpack (expected {target.Items.Count}, got {items.Count})"
                : $"too many values to unpack (expected {target.Items.Count})");
        }
        for (int i = 0; i < items.Count; i++)
            Assign(target.Items[i], items[i], scope);
    }

    private void RunCallBlock(CallBlock block, Scope scope)
    {
        Macro caller = new("caller", block.Body, scope);
        object? callee = _evaluator.Evaluate(block.Call.Target, scope);
        object? result = _evaluator.Invoke(callee, block.Call.Arguments, scope, KeyValuePair.Create<string, object?>("caller", caller));
        Write(_evaluator.ToText(result));
    }

    private string RunMacro(Macro macro, Arguments arguments)
    {
        _budget.Enter();
        Scope scope = MacroBinding.Bind(macro, arguments, _evaluator);
        string text = Capture(macro.Body.Body, scope).Text;
        _budget.Leave();
        return text;
    }
}
