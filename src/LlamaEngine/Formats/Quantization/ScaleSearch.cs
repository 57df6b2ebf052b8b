using System.Runtime.Intrinsics;

namespace LlamaEngine.Formats.Quantization;

/// <summary>
/// Finds the scale (and minimum) with which a group of values is rounded best. Each of a few step widths around the obvious
/// one rounds the group to integers; for given integers the best scale is a weighted least-squares fit; the candidate with
/// the smallest weighted error wins. Large values weigh more, since they contribute more to a dot product.
/// </summary>
/// <remarks>
/// Values are divided by the largest magnitude first: products of up to four of them then neither overflow nor underflow.
/// Sums run in a fixed order without fused multiply-add, so every machine writes the same file.
/// </remarks>
internal static unsafe class ScaleSearch
{
    /// <summary>Values in a group of <see cref="Affine"/>.</summary>
    public const int AffineValues = 32;

    private const int Lanes = 8, SymmetricValues = 16;

    /// <summary>The value of the largest magnitude, the first of several.</summary>
    public static float FarthestFromZero(float* values, int count)
    {
        float farthest = 0;
        for (int i = 0; i < count; i++)
        {
            if (MathF.Abs(values[i]) > MathF.Abs(farthest))
                farthest = values[i];
        }
        return farthest;
    }

    /// <summary>The smallest and the largest value.</summary>
    public static (float Minimum, float Maximum) Range(float* values, int count)
    {
        float minimum = values[0], maximum = values[0];
        for (int i = 1; i < count; i++)
        {
            minimum = values[i] < minimum ? values[i] : minimum;
            maximum = values[i] > maximum ? values[i] : maximum;
        }
        return (minimum, maximum);
    }

    /// <summary>The scale s of 16 values for which value ≈ s · q with integers q in −levels … levels − 1.</summary>
    /// <returns>The scale, of either sign; 0 if all values are zero.</returns>
    public static float Symmetric(float* values, int levels)
    {
        float extreme = FarthestFromZero(values, SymmetricValues);
        if (extreme == 0)
            return 0;
        Vector256<float> x0 = Vector256.Load(values) / extreme, x1 = Vector256.Load(values + Lanes) / extreme;
        Vector256<float> weighted0 = x0 * x0 * x0, weighted1 = x1 * x1 * x1;
        float scale = 0, bestFit = 0;
        for (int candidate = -9; candidate <= 9; candidate++)
        {
            float steps = -(levels + 0.1f * candidate);
            Vector256<float> q0 = Round(x0 * steps, -levels, levels - 1), q1 = Round(x1 * steps, -levels, levels - 1);
            // Weight x²: the fit is Σ x² · x · q / Σ x² · q², and it removes fit · Σ x² · x · q of the squared error.
            float product = Sum(weighted0 * q0 + weighted1 * q1);
            float square = Sum(x0 * x0 * q0 * q0 + x1 * x1 * q1 * q1);
            if (square > 0 && product * product > bestFit * square)
                (scale, bestFit) = (product / square, product * product / square);
        }
        return scale * extreme;
    }

    /// <summary>The scale s and minimum m of 32 values for which value ≈ s · q − m with integers q in 0 … maximum.</summary>
    /// <returns>Both at least 0; a group above zero has minimum 0.</returns>
    public static (float Scale, float Minimum) Affine(float* values, int maximum)
    {
        float magnitude = MathF.Abs(FarthestFromZero(values, AffineValues));
        if (magnitude == 0)
            return (0, 0);
        float* x = stackalloc float[AffineValues], weights = stackalloc float[AffineValues];
        Weigh(values, magnitude, x, weights);
        (float lowest, float highest) = Range(x, AffineValues);
        lowest = Math.Min(lowest, 0);
        if (highest == lowest)
            return (0, -lowest * magnitude);
        var rounding = new AffineFit.Rounding(lowest, maximum / (highest - lowest), maximum);
        AffineFit best = new AffineFit((highest - lowest) / maximum, lowest, 0).WithError(x, weights, rounding);
        for (int candidate = -10; candidate <= 10; candidate++)
        {
            rounding = rounding with { StepsPerUnit = (maximum + 0.1f * candidate) / (highest - lowest) };
            AffineFit fit = AffineFit.Solve(x, weights, rounding);
            if (fit.Error < best.Error)
                best = fit;
        }
        return (best.Scale * magnitude, -best.Offset * magnitude);
    }

    /// <summary>Divides by the magnitude; a value weighs its own magnitude plus the group's root mean square.</summary>
    private static void Weigh(float* values, float magnitude, float* x, float* weights)
    {
        float squares = 0;
        for (int i = 0; i < AffineValues; i++)
        {
            x[i] = values[i] / magnitude;
            squares += x[i] * x[i];
        }
        float rootMeanSquare = MathF.Sqrt(squares / AffineValues);
        for (int i = 0; i < AffineValues; i++)
            weights[i] = rootMeanSquare + MathF.Abs(x[i]);
    }

    /// <summary>Rounds to nearest, ties to even, and clamps.</summary>
    public static Vector256<float> Round(Vector256<float> values, float lowest, float highest) =>
        Vector256.Min(Vector256.Max(Vector256.Round(values), Vector256.Create(lowest)), Vector256.Create(highest));

    /// <summary>Adds the lanes in an order that does not depend on the machine.</summary>
    public static float Sum(Vector256<float> values)
    {
        Vector128<float> sum = values.GetLower() + values.GetUpper();
        return sum[0] + sum[2] + (sum[1] + sum[3]);
    }
}
