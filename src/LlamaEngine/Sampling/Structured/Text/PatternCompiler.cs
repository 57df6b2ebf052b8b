namespace LlamaEngine.Sampling.Structured.Text;

/// <summary>
/// Makes an automaton of a pattern (Thompson 1968, then subsets): it accepts the texts in which the pattern matches somewhere, as
/// JSON Schema has it.
/// </summary>
internal sealed class PatternCompiler
{
    private const int MaxNfaStates = 20_000, MaxDfaStates = 5_000;

    private readonly List<Nfa> _states = [new(Kind.Accept)];
    private readonly Action<long>? _spend;

    private PatternCompiler(Action<long>? spend) => _spend = spend;

    private enum Kind
    {
        Accept,
        Set,
        Split,
        Start,
        End,
    }

    private sealed record Nfa(Kind Kind, (int First, int Last)[]? Ranges = null, int Next = -1, int Other = -1);

    /// <summary>Compiles a pattern.</summary>
    /// <exception cref="PatternException">It is malformed, not supported, or takes too many states.</exception>
    /// <param name="spend">Told how much work it takes, in steps; may throw. Null: nobody counts.</param>
    public static CharDfa Compile(string pattern, Action<long>? spend = null)
    {
        var compiler = new PatternCompiler(spend);
        return compiler.Determinize(compiler.Add(PatternParser.Parse(pattern), 0));
    }

    // Gives the state in which a node begins that goes on with next.
    private int Add(PatternNode node, int next)
    {
        switch (node)
        {
            case PatternNode.Set set:
                return Add(new Nfa(Kind.Set, set.Ranges, next));
            case PatternNode.Sequence sequence:
                for (int i = sequence.Items.Count - 1; i >= 0; i--)
                    next = Add(sequence.Items[i], next);
                return next;
            case PatternNode.Choice choice:
                int start = Add(choice.Items[^1], next);
                for (int i = choice.Items.Count - 2; i >= 0; i--)
                    start = Add(new Nfa(Kind.Split, null, Add(choice.Items[i], next), start));
                return start;
            case PatternNode.Repeat repeat:
                return AddRepeat(repeat, next);
            default:
                return Add(new Nfa(node is PatternNode.Start ? Kind.Start : Kind.End, null, next));
        }
    }

    private int AddRepeat(PatternNode.Repeat repeat, int next)
    {
        if (repeat.Most == int.MaxValue)
        {
            int loop = Add(new Nfa(Kind.Split, null, -1, next));
            _states[loop] = _states[loop] with { Next = Add(repeat.Item, loop) };
            next = loop;
        }
        else
        {
            int end = next;
            for (int i = repeat.Least; i < repeat.Most; i++)
                next = Add(new Nfa(Kind.Split, null, Add(repeat.Item, next), end));
        }
        for (int i = 0; i < repeat.Least; i++)
        {
            int behind = next;
            next = Add(repeat.Item, behind);
            // The empty text stays empty however often it is repeated, and no state would ever stop repetitions inside repetitions.
            if (next == behind)
                break;
        }
        return next;
    }

    private int Add(Nfa state)
    {
        if (_states.Count >= MaxNfaStates)
            throw new PatternException("it is too large.");
        _states.Add(state);
        return _states.Count - 1;
    }

    private CharDfa Determinize(int start)
    {
        var known = new Dictionary<StateTuple, int>();
        var sets = new List<int[]>();
        var ranges = new List<CharRange[]>();
        var outcomes = new List<int>();
        int[] fresh = Closure([start], atStart: false, atEnd: false);
        Intern(Closure([start], atStart: true, atEnd: false));
        for (int state = 0; state < sets.Count; state++)
        {
            if (sets.Count > MaxDfaStates)
                throw new PatternException("it takes too many states.");
            int[] set = sets[state];
            // Once the pattern has matched, the rest may be anything.
            bool matched = set.AsSpan().Contains(0);
            outcomes.Add(matched || Closure(set, atStart: state == 0, atEnd: true).AsSpan().Contains(0) ? 0 : CharDfa.None);
            ranges.Add(matched ? CharDfas.Everything(state) : RangesOf(set));
        }
        return new CharDfa([.. ranges], [.. outcomes]);

        CharRange[] RangesOf(int[] set)
        {
            var result = new List<CharRange>();
            (int First, int Last)[][] own = [.. set.Where(state => _states[state].Kind == Kind.Set).Select(state => _states[state].Ranges!)];
            int all = own.Sum(list => list.Length);
            _spend?.Invoke(all / 8);
            foreach ((int first, int last) in CharDfas.Cut(own.SelectMany(list => list).SelectMany(range => new[] { range.First, range.Last + 1 })))
            {
                _spend?.Invoke(1 + (all / 128));
                IEnumerable<int> next = set.Where(state => Takes(_states[state], first)).Select(state => _states[state].Next);
                int[] closure = Closure([.. next], atStart: false, atEnd: false);
                CharDfas.Append(result, new CharRange(first, last, Intern([.. closure.Union(fresh).Order()])));
            }
            return [.. result];
        }

        int Intern(int[] set)
        {
            // All sets that have matched are one state; no state of its own may be the start, where ^ still holds.
            if (sets.Count > 0 && set.AsSpan().Contains(0))
                set = [0];
            var key = new StateTuple(set);
            if (!known.TryGetValue(key, out int state))
            {
                state = sets.Count;
                sets.Add(set);
                if (state > 0)
                    known.Add(key, state);
            }
            return state;
        }
    }

    private static bool Takes(Nfa state, int value) =>
        state.Kind == Kind.Set && Array.Exists(state.Ranges!, range => range.First <= value && value <= range.Last);

    // What can be reached without a character, ascending. Anchors are passed only where they hold.
    private int[] Closure(int[] from, bool atStart, bool atEnd)
    {
        var found = new SortedSet<int>();
        var open = new Stack<int>(from);
        while (open.TryPop(out int index))
        {
            if (!found.Add(index))
                continue;
            Nfa state = _states[index];
            bool passes = state.Kind == Kind.Split || (state.Kind == Kind.Start && atStart) || (state.Kind == Kind.End && atEnd);
            if (!passes)
                continue;
            open.Push(state.Next);
            if (state.Other >= 0)
                open.Push(state.Other);
        }
        _spend?.Invoke(4 * found.Count);
        return [.. found];
    }
}
