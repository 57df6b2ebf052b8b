using System.Runtime.Intrinsics;

namespace LlamaEngine.Formats.Quantization;

/// <summary>A candidate of <see cref="ScaleSearch.Affine"/>: value ≈ Scale · q + Offset.</summary>
/// <param name="Scale">Not negative.</param>
/// <param name="Offset">Not positive.</param>
/// <param name="Error">The weighted sum of squared errors; infinity if there is no such fit.</param>
internal readonly unsafe record struct AffineFit(float Scale, float Offset, float Error)
{
    /// <summary>How values become integers: q = round((value − Lowest) · StepsPerUnit), clamped to 0 … Maximum.</summary>
    public readonly record struct Rounding(float Lowest, float StepsPerUnit, int Maximum)
    {
        public Vector256<float> Apply(Vector256<float> values) =>
            ScaleSearch.Round((values - Vector256.Create(Lowest)) * StepsPerUnit, 0, Maximum);
    }

    /// <summary>Rounds, then solves the two normal equations for the scale and offset that suit these integers best.</summary>
    public static AffineFit Solve(float* x, float* weights, Rounding rounding)
    {
        Vector256<float> sumW = default, sumX = default, sumQ = default, sumQQ = default, sumXQ = default;
        for (int i = 0; i < ScaleSearch.AffineValues; i += Vector256<float>.Count)
        {
            Vector256<float> value = Vector256.Load(x + i), weight = Vector256.Load(weights + i), q = rounding.Apply(value);
            sumW += weight;
            sumX += weight * value;
            sumQ += weight * q;
            sumQQ += weight * q * q;
            sumXQ += weight * value * q;
        }
        float w = ScaleSearch.Sum(sumW), wx = ScaleSearch.Sum(sumX), wq = ScaleSearch.Sum(sumQ);
        float wqq = ScaleSearch.Sum(sumQQ), wxq = ScaleSearch.Sum(sumXQ);
        float determinant = w * wqq - wq * wq;
        if (determinant <= 0) // All values round to one integer, which leaves the scale open.
            return new AffineFit(0, 0, float.PositiveInfinity);
        float offset = (wqq * wx - wq * wxq) / determinant;
        AffineFit fit = offset > 0
            ? new AffineFit(wxq / wqq, 0, 0)
            : new AffineFit((w * wxq - wx * wq) / determinant, offset, 0);
        return fit.WithError(x, weights, rounding);
    }

    /// <summary>This fit with its error on the integers of the given rounding.</summary>
    public AffineFit WithError(float* x, float* weights, Rounding rounding)
    {
        Vector256<float> error = default;
        for (int i = 0; i < ScaleSearch.AffineValues; i += Vector256<float>.Count)
        {
            Vector256<float> value = Vector256.Load(x + i);
            Vector256<float> difference = rounding.Apply(value) * Scale + Vector256.Create(Offset) - value;
            error += Vector256.Load(weights + i) * difference * difference;
        }
        return this with { Error = ScaleSearch.Sum(error) };
    }
}
