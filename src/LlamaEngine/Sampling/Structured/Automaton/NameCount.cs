using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Automaton;

/// <summary>Counts the texts of an outcome, in a time that grows with the automaton and not with the texts.</summary>
internal static class NameCount
{
    private const double Large = 1e300;

    /// <summary>How many texts have an outcome, at most <paramref name="enough"/>.</summary>
    public static int Of(CharDfa dfa, int outcome, int enough)
    {
        bool[] live = Live(dfa, outcome, out int[] leading);
        if (!live[0])
            return 0;
        // In the order in which states depend on each other; where that has no beginning, there is a loop, and no end of texts.
        int left = live.Count(state => state);
        var counts = new double[dfa.Count];
        var open = new Stack<int>();
        if (leading[0] == 0)
            open.Push(0);
        counts[0] = 1;
        double total = 0;
        while (open.TryPop(out int state))
        {
            left--;
            total += dfa.Outcome(state) == outcome ? counts[state] : 0;
            foreach (CharRange range in dfa.Ranges(state))
            {
                if (!live[range.Target])
                    continue;
                counts[range.Target] = Math.Min(Large, counts[range.Target] + (counts[state] * (range.Last - range.First + 1)));
                if (--leading[range.Target] == 0)
                    open.Push(range.Target);
            }
        }
        return left > 0 ? enough : (int)Math.Min(total, enough);
    }

    // The states from which the outcome can be reached, and how many ranges of such states lead to each.
    private static bool[] Live(CharDfa dfa, int outcome, out int[] leading)
    {
        bool[] live = new bool[dfa.Count];
        var sources = new List<int>[dfa.Count];
        var open = new Stack<int>();
        for (int state = 0; state < dfa.Count; state++)
        {
            foreach (CharRange range in dfa.Ranges(state))
                (sources[range.Target] ??= []).Add(state);
            if (dfa.Outcome(state) == outcome)
                open.Push(state);
        }
        while (open.TryPop(out int state))
        {
            if (live[state])
                continue;
            live[state] = true;
            sources[state]?.ForEach(open.Push);
        }
        leading = [.. sources.Select(list => list?.Count(source => live[source]) ?? 0)];
        return live;
    }
}
