using LlamaEngine.Models;

namespace LlamaEngine.Backends;

/// <summary>Rotary frequencies of a configuration: what every backend's table is made from.</summary>
/// <remarks>
/// Base: Su et al. 2021, arXiv 2104.09864. Llama3 and linear scaling as Meta and Hugging Face define them;
/// YaRN: Peng et al. 2023, arXiv 2309.00071.
/// </remarks>
internal sealed class RopeFrequencies
{
    private RopeFrequencies(double[] inverse, double magnitude)
    {
        Inverse = inverse;
        Magnitude = magnitude;
    }

    /// <summary>Radians per position of each pair, length Dimension / 2.</summary>
    public double[] Inverse { get; }

    /// <summary>Factor on cosine and sine (YaRN's attention factor; else 1).</summary>
    public double Magnitude { get; }

    /// <summary>Computes the frequencies.</summary>
    public static RopeFrequencies Compute(RopeConfiguration rope)
    {
        int pairs = rope.Dimension / 2;
        var inverse = new double[pairs];
        for (int i = 0; i < pairs; i++)
            inverse[i] = Math.Pow(rope.Base, -2.0 * i / rope.Dimension);
        double magnitude = 1;
        switch (rope.Scaling)
        {
            case RopeScaling.Linear:
                Scale(inverse, rope.Factor);
                break;
            case RopeScaling.Llama3 when rope.FrequencyDivisors.IsEmpty:
                ScaleLlama3(inverse, rope);
                break;
            case RopeScaling.Yarn:
                ScaleYarn(inverse, rope);
                magnitude = YarnMagnitude(rope);
                break;
        }
        for (int i = 0; i < rope.FrequencyDivisors.Length; i++)
            inverse[i] /= rope.FrequencyDivisors[i];
        return new RopeFrequencies(inverse, magnitude);
    }

    private static void Scale(double[] inverse, double factor)
    {
        for (int i = 0; i < inverse.Length; i++)
            inverse[i] /= factor;
    }

    private static void ScaleLlama3(double[] inverse, RopeConfiguration rope)
    {
        double longest = rope.OriginalContextLength / (double)rope.LowFrequencyFactor;
        double shortest = rope.OriginalContextLength / (double)rope.HighFrequencyFactor;
        for (int i = 0; i < inverse.Length; i++)
        {
            double wavelength = 2 * Math.PI / inverse[i];
            if (wavelength < shortest)
                continue;
            double smooth = wavelength > longest
                ? 0
                : (rope.OriginalContextLength / wavelength - rope.LowFrequencyFactor) / (rope.HighFrequencyFactor - rope.LowFrequencyFactor);
            inverse[i] = (1 - smooth) * inverse[i] / rope.Factor + smooth * inverse[i];
        }
    }

    private static void ScaleYarn(double[] inverse, RopeConfiguration rope)
    {
        double low = CorrectionDimension(rope, rope.BetaFast), high = CorrectionDimension(rope, rope.BetaSlow);
        if (rope.Truncate)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        low = Math.Max(low, 0);
        high = Math.Min(high, rope.Dimension - 1);
        double span = high == low ? 0.001 : high - low;
        for (int i = 0; i < inverse.Length; i++)
        {
            double ramp = Math.Clamp((i - low) / span, 0, 1);
            inverse[i] = inverse[i] / rope.Factor * ramp + inverse[i] * (1 - ramp);
        }
    }

    /// <summary>The dimension whose wavelength makes <paramref name="turns"/> turns in the original context.</summary>
    private static double CorrectionDimension(RopeConfiguration rope, double turns) =>
        rope.Dimension * Math.Log(rope.OriginalContextLength / (turns * 2 * Math.PI)) / (2 * Math.Log(rope.Base));

    private static double YarnMagnitude(RopeConfiguration rope)
    {
        if (rope.AttentionFactor is { } given)
            return given;
        if (rope.Mscale is { } scale && rope.MscaleAllDimensions is { } all && scale != 0 && all != 0)
            return Magnify(rope.Factor, scale) / Magnify(rope.Factor, all);
        return Magnify(rope.Factor, 1);

        static double Magnify(double factor, double scale) => factor <= 1 ? 1 : 0.1 * scale * Math.Log(factor) + 1;
    }
}
