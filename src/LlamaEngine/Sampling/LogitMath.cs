using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace LlamaEngine.Sampling;

/// <summary>Passes over a row of logits.</summary>
/// <remarks>
/// Sampling must choose the same tokens on every processor. So vectors have eight lanes whatever the hardware has, sums run in
/// one fixed order, products and sums are rounded apart (no fused multiply-add), and the exponential is our own, for the
/// C library's differs between platforms.
/// </remarks>
internal static class LogitMath
{
    /// <summary>Values that <see cref="Sum"/> adds up at a time.</summary>
    public const int BlockSize = 1024;

    private const int Lanes = 8;

    /// <summary>The place of the largest value, the first among equals; −1 if all are −∞.</summary>
    /// <exception cref="NotFiniteNumberException">A value is NaN or +∞.</exception>
    public static int IndexOfMax(ReadOnlySpan<float> values)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector256<float> infinity = Vector256.Create(float.PositiveInfinity), allBelow = Vector256<float>.AllBitsSet;
        Vector256<float> best0 = -infinity, best1 = -infinity;
        Vector256<int> at0 = -Vector256<int>.One, at1 = at0;
        Vector256<int> indices = Vector256<int>.Indices;
        int i = 0;
        for (; i <= values.Length - 2 * Lanes; i += 2 * Lanes)
        {
            Vector256<float> low = Vector256.LoadUnsafe(ref first, (nuint)i);
            Vector256<float> high = Vector256.LoadUnsafe(ref first, (nuint)(i + Lanes));
            allBelow &= Vector256.LessThan(low, infinity) & Vector256.LessThan(high, infinity); // false for NaN, too
            Vector256<float> better0 = Vector256.GreaterThan(low, best0), better1 = Vector256.GreaterThan(high, best1);
            best0 = Vector256.ConditionalSelect(better0, low, best0);
            best1 = Vector256.ConditionalSelect(better1, high, best1);
            at0 = Vector256.ConditionalSelect(better0.AsInt32(), indices, at0);
            at1 = Vector256.ConditionalSelect(better1.AsInt32(), indices + Vector256.Create(Lanes), at1);
            indices += Vector256.Create(2 * Lanes);
        }
        bool finite = allBelow.AsInt32() == Vector256<int>.AllBitsSet;
        float best = float.NegativeInfinity;
        int at = -1;
        for (int lane = 0; lane < Lanes; lane++)
        {
            Prefer(best0[lane], at0[lane], ref best, ref at);
            Prefer(best1[lane], at1[lane], ref best, ref at);
        }
        for (; i < values.Length; i++)
        {
            finite &= values[i] < float.PositiveInfinity;
            Prefer(values[i], i, ref best, ref at);
        }
        return finite ? at : throw NotFinite(values);
    }

    /// <summary>The first place from <paramref name="start"/> on whose value is above a threshold; the length if there is none.</summary>
    public static int NextAbove(ReadOnlySpan<float> values, int start, float threshold)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector256<float> thresholds = Vector256.Create(threshold);
        int i = start;
        while (i <= values.Length - Lanes && !Vector256.GreaterThanAny(Vector256.LoadUnsafe(ref first, (nuint)i), thresholds))
            i += Lanes;
        while (i < values.Length && !(values[i] > threshold))
            i++;
        return i;
    }

    /// <summary>results[i] = (values[i] − offset) ÷ divisor.</summary>
    public static void Scale(ReadOnlySpan<float> values, float offset, float divisor, Span<float> results)
    {
        results = results[..values.Length];
        ref float from = ref MemoryMarshal.GetReference(values), to = ref MemoryMarshal.GetReference(results);
        Vector256<float> offsets = Vector256.Create(offset), divisors = Vector256.Create(divisor);
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
            ((Vector256.LoadUnsafe(ref from, (nuint)i) - offsets) / divisors).StoreUnsafe(ref to, (nuint)i);
        for (; i < values.Length; i++)
            results[i] = (values[i] - offset) / divisor;
    }

    /// <summary>results[i] = e^values[i], for values of at most 0; exactly 0 below −87 (2·10⁻³⁸).</summary>
    public static void Exp(ReadOnlySpan<float> values, Span<float> results)
    {
        results = results[..values.Length];
        ref float from = ref MemoryMarshal.GetReference(values), to = ref MemoryMarshal.GetReference(results);
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
            Exp(Vector256.LoadUnsafe(ref from, (nuint)i)).StoreUnsafe(ref to, (nuint)i);
        for (; i < values.Length; i++)
            results[i] = Exp(Vector256.Create(values[i])).ToScalar();
    }

    /// <summary>The sum of all values: block sums, one after another.</summary>
    public static double Sum(ReadOnlySpan<float> values)
    {
        double sum = 0;
        for (; values.Length > BlockSize; values = values[BlockSize..])
            sum += SumOfBlock(values[..BlockSize]);
        return sum + SumOfBlock(values);
    }

    /// <summary>The sum of at most <see cref="BlockSize"/> values, in double precision: eight lanes, then the rest.</summary>
    public static double SumOfBlock(ReadOnlySpan<float> values)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        Vector256<double> low = Vector256<double>.Zero, high = low;
        int i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            (Vector256<double> lower, Vector256<double> upper) = Vector256.Widen(Vector256.LoadUnsafe(ref first, (nuint)i));
            low += lower;
            high += upper;
        }
        low += high;
        double sum = low[0] + low[1] + low[2] + low[3];
        for (; i < values.Length; i++)
            sum += values[i];
        return sum;
    }

    // e^x = 2ⁿ · e^r with n = round(x ÷ ln 2), |r| ≤ ln 2 ÷ 2: there the Taylor series up to r⁷ is exact to 5·10⁻⁹.
    private static Vector256<float> Exp(Vector256<float> x)
    {
        const float Round = 12582912f; // 1.5 · 2²³: adding it leaves a whole number in the low bits of the sum
        const float Ln2Upper = 0.693359375f, Ln2Lower = -2.12194440e-4f; // n · upper is exact
        Vector256<float> round = Vector256.Create(Round);
        Vector256<float> shifted = x * Vector256.Create(1.44269504f) + round;
        Vector256<float> n = shifted - round;
        Vector256<float> r = (x - n * Vector256.Create(Ln2Upper)) - n * Vector256.Create(Ln2Lower);
        Vector256<float> series = Vector256.Create(1f / 5040);
        series = series * r + Vector256.Create(1f / 720);
        series = series * r + Vector256.Create(1f / 120);
        series = series * r + Vector256.Create(1f / 24);
        series = series * r + Vector256.Create(1f / 6);
        series = series * r + Vector256.Create(0.5f);
        series = series * r + Vector256<float>.One;
        series = series * r + Vector256<float>.One;
        Vector256<int> exponent = (shifted.AsInt32() - round.AsInt32() + Vector256.Create(127)) << 23;
        Vector256<float> inRange = Vector256.GreaterThanOrEqual(x, Vector256.Create(-87f)); // false for −∞, whose r is NaN
        return Vector256.ConditionalSelect(inRange, series * exponent.AsSingle(), Vector256<float>.Zero);
    }

    private static void Prefer(float value, int index, ref float best, ref int at)
    {
        if (value > best || (value == best && value > float.NegativeInfinity && index < at))
            (best, at) = (value, index);
    }

    private static NotFiniteNumberException NotFinite(ReadOnlySpan<float> values)
    {
        int at = 0;
        while (values[at] < float.PositiveInfinity)
            at++;
        return new NotFiniteNumberException(
            $"The logit of token {at} is {values[at]}: the model's weights, a logit processor or an extreme bias or penalty made it so.",
            values[at]);
    }
}
