using System.Numerics;

namespace LlamaEngine.Sampling.Structured.Schemas;

/// <summary>
/// Compares a number of one sign with one range while its digits come. Its state is three ints: how the digits so far compare with those of
/// the lower and of the upper bound of the magnitude, and the remainder of the division; <see cref="Dead"/> in the last: it is outside for good.
/// </summary>
internal sealed class NumberTracker
{
    private const int Dead = -1, MaxDivisor = 1_000, MaxPlaces = 30;

    private readonly (string Integer, string Fraction)? _low, _high;
    private readonly bool _lowExclusive, _highExclusive, _isEmpty;
    private readonly int _divisor = 1, _places = -1;

    /// <summary>Creates the tracker.</summary>
    public NumberTracker(NumberRange range, bool negative)
    {
        ExactDecimal? low = negative ? range.High : range.Low, high = negative ? range.Low : range.High;
        (_lowExclusive, _highExclusive) = negative ? (range.HighExclusive, range.LowExclusive) : (range.LowExclusive, range.HighExclusive);
        int sign = negative ? -1 : 1;
        // A bound on the other side of zero bounds nothing, or excludes every magnitude.
        if (low is { } least && least.Sign * sign >= 0)
            _low = least.Digits();
        if (high is { } most)
            _high = most.Digits();
        _isEmpty = high is { } bound && bound.Sign * sign < 0;
        if (range.MultipleOf is not { } factor)
            return;
        _places = Math.Max(0, -factor.Exponent);
        BigInteger divisor = factor.Scaled(-_places);
        IsTooLarge = divisor > MaxDivisor || _places > MaxPlaces;
        _divisor = IsTooLarge ? 1 : (int)divisor;
    }

    /// <summary>Its multiples would take too many states.</summary>
    public bool IsTooLarge { get; }

    /// <summary>The remainders it tells apart.</summary>
    public int Divisor => _divisor;

    /// <summary>Digits of the longest bound before or behind the point.</summary>
    public int LongestBound => Math.Max(Math.Max(Length(_low), Length(_high)), _places);

    /// <summary>Takes what stands next.</summary>
    /// <param name="phase">Where in the number it stands.</param>
    /// <param name="index">Digits before it in the same part.</param>
    /// <param name="digit">The digit, where it is one.</param>
    /// <returns>False: no number in the range begins so.</returns>
    public bool Step(int phase, int index, int digit, Span<int> state)
    {
        if (_isEmpty || state[2] == Dead)
            return Kill(state);
        if (phase == NumberDfas.Integer)
        {
            Compare(_low?.Integer, index, digit, ref state[0]);
            Compare(_high?.Integer, index, digit, ref state[1]);
            state[2] = ((state[2] * 10) + digit) % _divisor;
        }
        else if (phase == NumberDfas.Point)
        {
            state[0] = AfterInteger(_low, index, state[0]);
            state[1] = AfterInteger(_high, index, state[1]);
            if (_places == 0 && state[2] != 0)
                return Kill(state);
        }
        else if (phase == NumberDfas.Fraction)
        {
            Compare(_low is { } low ? low.Fraction.PadRight(index + 1, '0') : null, index, digit, ref state[0]);
            Compare(_high is { } high ? high.Fraction.PadRight(index + 1, '0') : null, index, digit, ref state[1]);
            if (_places >= 0 && index >= _places && digit != 0)
                return Kill(state);
            if (index < _places)
                state[2] = ((state[2] * 10) + digit) % _divisor;
            // Behind the last place that the factor has, only zeros follow.
            if (index + 1 == _places && state[2] != 0)
                return Kill(state);
        }
        return true;
    }

    /// <summary>Whether a number may end here.</summary>
    /// <param name="inFraction">Behind the point, else before it.</param>
    /// <param name="digits">Digits of this part.</param>
    public bool Accepts(bool inFraction, int digits, ReadOnlySpan<int> state)
    {
        if (_isEmpty || state[2] == Dead)
            return false;
        int low = End(_low, inFraction, digits, state[0], 1), high = End(_high, inFraction, digits, state[1], -1);
        if (low < 0 || (low == 0 && _lowExclusive) || high > 0 || (high == 0 && _highExclusive))
            return false;
        BigInteger rest = state[2];
        for (int place = inFraction ? digits : 0; place < _places; place++)
            rest *= 10;
        return (rest % _divisor).IsZero;
    }

    private static int Length((string Integer, string Fraction)? bound) =>
        bound is { } value ? Math.Max(value.Integer.Length, value.Fraction.Length) : 0;

    private static bool Kill(Span<int> state)
    {
        (state[0], state[1], state[2]) = (0, 0, Dead);
        return false;
    }

    private static void Compare(string? bound, int index, int digit, ref int order)
    {
        if (bound is not null && order == 0 && index < bound.Length)
            order = Math.Sign(digit - (bound[index] - '0'));
    }

    // More digits are a larger number; as many compare as texts do.
    private static int AfterInteger((string Integer, string Fraction)? bound, int digits, int order) =>
        bound is not { } value ? 0 : digits != value.Integer.Length ? Math.Sign(digits - value.Integer.Length) : order;

    private static int End((string Integer, string Fraction)? bound, bool inFraction, int digits, int order, int none)
    {
        if (bound is not { } value)
            return none;
        if (!inFraction)
            (order, digits) = (AfterInteger(bound, digits, order), 0);
        return order == 0 && value.Fraction.Length > digits ? -1 : order;
    }
}
