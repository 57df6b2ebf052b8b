using System.Collections.Immutable;
using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Sampling;

/// <summary>What the sampler must do, written plainly: sorted lists, dictionaries and double precision.</summary>
internal static class SamplingOracle
{
    /// <summary>Logits after bias, bans and penalties.</summary>
    public static double[] Adjust(ReadOnlySpan<float> logits, int[] tokens, int promptLength, SamplingParameters p)
    {
        double[] result = [.. logits.ToArray().Select(value => (double)value)];
        foreach ((int token, float bias) in p.LogitBias)
            result[token] += bias;
        foreach (int token in p.BannedTokens)
            result[token] = double.NegativeInfinity;
        if (tokens.Length - promptLength < p.MinTokens)
            foreach (int token in p.LateTokens)
                result[token] = double.NegativeInfinity;
        var window = tokens.Select((token, index) => (token, index)).TakeLast(p.PenaltyWindow).ToList();
        foreach (int token in window.Select(seen => seen.token).Distinct())
            result[token] = result[token] > 0 ? result[token] / p.RepetitionPenalty : result[token] * p.RepetitionPenalty;
        foreach (var group in window.Where(seen => seen.index >= promptLength).GroupBy(seen => seen.token))
            result[group.Key] -= p.PresencePenalty + group.Count() * p.FrequencyPenalty;
        return result;
    }

    /// <summary>ln p of every token.</summary>
    public static double[] LogSoftmax(double[] logits)
    {
        double max = logits.Max();
        double sum = max + Math.Log(logits.Sum(value => Math.Exp(value - max)));
        return [.. logits.Select(value => value - sum)];
    }

    /// <summary>Probabilities after temperature and truncation, in the sampler's order; dropped tokens have 0.</summary>
    public static double[] Distribution(double[] logits, SamplingParameters p)
    {
        double max = logits.Max();
        double[] scaled = [.. logits.Select(value => (value - max) / p.Temperature)];
        var left = Enumerable.Range(0, logits.Length).Where(token => !double.IsNegativeInfinity(scaled[token])).ToList();
        double[] weight = [.. scaled.Select(Math.Exp)];
        if (p.TopK > 0)
            left = [.. left.OrderByDescending(token => scaled[token]).ThenBy(token => token).Take(p.TopK)];
        if (p.TypicalP < 1)
        {
            double total = left.Sum(token => weight[token]);
            double Surprise(int token) => -Math.Log(weight[token] / total);
            double entropy = left.Where(token => weight[token] > 0).Sum(token => weight[token] / total * Surprise(token));
            left = UpTo(p.TypicalP, [.. left.OrderBy(token => Math.Abs(Surprise(token) - entropy)).ThenBy(token => token)], weight);
        }
        if (p.TopP < 1)
            left = UpTo(p.TopP, [.. left.OrderByDescending(token => weight[token]).ThenBy(token => token)], weight);
        if (p.MinP > 0)
        {
            double least = p.MinP * left.Max(token => weight[token]);
            left = [.. left.Where(token => weight[token] >= least)];
        }
        double sum = left.Sum(token => weight[token]);
        var result = new double[logits.Length];
        foreach (int token in left)
            result[token] = weight[token] / sum;
        return result;
    }

    private static List<int> UpTo(double share, List<int> ordered, double[] weight)
    {
        double mass = share * ordered.Sum(token => weight[token]), sum = 0;
        int count = 0;
        while (count < ordered.Count && sum < mass)
            sum += weight[ordered[count++]];
        return ordered[..Math.Max(count, 1)];
    }
}

/// <summary>Makes inputs and parameters for tests.</summary>
internal static class SamplingInputs
{
    /// <summary>Sizes around lane, block and guess boundaries, and Llama 3's vocabulary.</summary>
    public static TheoryData<int> Sizes => [1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 1000, 1023, 1024, 1025, 5000, 128256];

    /// <summary>Roughly normal logits with some ties and some −∞, at least one finite.</summary>
    public static float[] Logits(int count, int seed, double spread = 3)
    {
        var random = new Random(seed);
        var logits = new float[count];
        for (int i = 0; i < count; i++)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(Math.Tau * random.NextDouble());
            logits[i] = random.Next(10) switch
            {
                0 => float.NegativeInfinity,
                1 or 2 => (float)Math.Round(normal * spread),
                _ => (float)(normal * spread),
            };
        }
        logits[random.Next(count)] = 0.5f;
        return logits;
    }

    public static int[] Tokens(int count, int vocabulary, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }

    public static SamplingParameters Parameters(int vocabulary, GenerationOptions options, params ImmutableArray<int> ends) =>
        SamplingParameters.Resolve(options, [], vocabulary, ends);
}
