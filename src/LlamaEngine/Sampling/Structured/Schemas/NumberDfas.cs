using LlamaEngine.Sampling.Structured.Automaton;
using LlamaEngine.Sampling.Structured.Text;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>
/// Makes automata of numbers, digit by digit. Numbers that something is asked of are written without an exponent, all of them with a bounded
/// number of digits: a model that goes on with digits for ever would come to no end. Whole numbers have no point, though 1.0 is one as well:
/// readers of typed values (System.Text.Json among them) do not take it for one.
/// </summary>
internal static class NumberDfas
{
    /// <summary>The phase of a digit before the point, unless it is a leading zero.</summary>
    public const int Integer = 3;

    /// <summary>The phase of the point.</summary>
    public const int Point = 4;

    /// <summary>The phase of a digit behind the point.</summary>
    public const int Fraction = 5;

    private const int Start = 0, Minus = 1, Zero = 2, E = 6, ESign = 7, Exponent = 8;
    private const int Digits = 20, FewDigits = 12, ManyRemainders = 100, ExponentDigits = 2, MaxStates = 60_000;

    // A state: phase, sign, digits of this part, and the tracker's numbers.
    private const int Header = 3, TrackerLength = 3;

    /// <summary>All numbers.</summary>
    public static ByteDfa All { get; } = Create(new NumberRange(), new CompileBudget())!;

    /// <summary>The whole numbers.</summary>
    public static ByteDfa Integers { get; } = Create(new NumberRange(MultipleOf: ExactDecimal.Of(1)), new CompileBudget())!;

    /// <summary>The numbers of a range; null: they would take too many states.</summary>
    public static ByteDfa? Create(NumberRange range, CompileBudget budget)
    {
        NumberTracker plus = new(range, negative: false), minus = new(range, negative: true);
        if (plus.IsTooLarge)
            return null;
        int most = Math.Max(plus.Divisor > ManyRemainders ? FewDigits : Digits, Math.Max(plus.LongestBound, minus.LongestBound) + 2);
        byte[] bytes = [.. range.IsAll ? "0123456789-.eE+"u8 : range.MultipleOf is { IsInteger: true } ? "0123456789-"u8 : "0123456789-."u8];
        var known = new Dictionary<StateTuple, int>();
        var states = new List<int[]>();
        var edges = new List<(int, byte, int)>();
        var accepts = new List<bool>();
        Intern(new int[Header + TrackerLength]);
        for (int state = 0; state < states.Count; state++)
        {
            if (states.Count > MaxStates)
                return null;
            budget.Spend(10);
            int[] tuple = states[state];
            NumberTracker tracker = tuple[1] == 0 ? plus : minus;
            accepts.Add(tuple[0] is Zero or Integer or Fraction or Exponent && tracker.Accepts(tuple[0] == Fraction, tuple[2], tuple.AsSpan(Header)));
            foreach (byte next in bytes)
            {
                if (Next(tuple, next) is { } target)
                    edges.Add((state, next, Intern(target)));
            }
        }
        return new ByteDfa(states.Count, edges, [.. accepts]);

        int Intern(int[] tuple)
        {
            var key = new StateTuple(tuple);
            if (!known.TryGetValue(key, out int state))
            {
                state = states.Count;
                known.Add(key, state);
                states.Add(tuple);
            }
            return state;
        }

        int[]? Next(int[] tuple, byte next)
        {
            if (Phase(tuple[0], next) is not { } phase)
                return null;
            int[] result = (int[])tuple.Clone();
            result[0] = phase;
            result[1] = phase == Minus ? 1 : tuple[1];
            result[2] = phase is Integer or Fraction or Exponent ? tuple[2] + 1 : 0;
            if (result[2] > (phase == Exponent ? ExponentDigits : most))
                return null;
            NumberTracker tracker = result[1] == 0 ? plus : minus;
            return tracker.Step(phase, tuple[2], next - '0', result.AsSpan(Header)) ? result : null;
        }
    }

    private static int? Phase(int phase, byte next)
    {
        bool digit = next is >= (byte)'0' and <= (byte)'9';
        return phase switch
        {
            Start when next == '-' => Minus,
            Start or Minus when next == '0' => Zero,
            Start or Minus when digit => Integer,
            Integer when digit => Integer,
            Zero or Integer when next == '.' => Point,
            Point or Fraction when digit => Fraction,
            Zero or Integer or Fraction when next is (byte)'e' or (byte)'E' => E,
            E when next is (byte)'+' or (byte)'-' => ESign,
            E or ESign or Exponent when digit => Exponent,
            _ => null,
        };
    }
}
