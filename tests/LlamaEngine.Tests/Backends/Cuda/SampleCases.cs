using LlamaEngine.Sampling;
using LlamaEngine.Tests.Sampling;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>Makes rows of all kinds to sample.</summary>
internal static class SampleCases
{
    /// <summary>A row with random settings, logits, tokens and mask.</summary>
    public static SampleRow Row(Random random, int vocabulary)
    {
        int promptLength = random.Next(20), generated = random.Next(12);
        // Few different tokens, so that they repeat, and some outside the vocabulary.
        int[] tokens = SamplingInputs.Tokens(promptLength + generated, Math.Min(vocabulary, 15), random.Next());
        if (tokens.Length > 3 && random.Next(4) == 0)
            (tokens[1], tokens[^2]) = (-1, vocabulary);
        float[] logits = Logits(random, vocabulary);
        bool[]? allowed = random.Next(4) == 0 ? [.. Enumerable.Range(0, vocabulary).Select(_ => random.Next(3) > 0)] : null;
        SamplingParameters parameters = SamplingInputs.Parameters(vocabulary, Options(random, vocabulary), 0, vocabulary - 1);
        return new SampleRow(parameters, logits, tokens, promptLength, Pending: generated > 0 && random.Next(2) == 0, allowed);
    }

    private static T Pick<T>(Random random, params T[] choices) => choices[random.Next(choices.Length)];

    private static GenerationOptions Options(Random random, int vocabulary)
    {
        bool penalized = random.Next(2) == 0, adjusted = random.Next(2) == 0;
        int other = random.Next(vocabulary);
        return new GenerationOptions
        {
            Temperature = Pick(random, 0, 0.05f, 0.6f, 1, 1, 1.7f, 30),
            TopK = Pick(random, 0, 0, 1, 2, 40, 600, vocabulary / 2, vocabulary - 1, vocabulary, vocabulary + 1),
            TopP = Pick(random, 1, 1, 0.9f, 0.5f, 0.999f, 1e-6f, MathF.BitDecrement(1)),
            MinP = Pick(random, 0, 0, 0.02f, 0.5f, 1, 1e-30f),
            Seed = (ulong)random.NextInt64(),
            RepetitionPenalty = penalized ? Pick(random, 1, 1.3f, 0.8f) : 1,
            PresencePenalty = penalized ? Pick(random, 0, 1.5f, -0.7f) : 0,
            FrequencyPenalty = penalized ? Pick(random, 0, 0.4f, -1.1f) : 0,
            PenaltyWindow = Pick<int?>(random, null, null, 0, 1, 2, 9, 25),
            LogitBias = adjusted ? new Dictionary<int, float> { [0] = 2.5f, [other] = Pick(random, 100, -1.25f, float.NegativeInfinity) } : [],
            BannedTokens = adjusted && vocabulary > 2 ? [random.Next(vocabulary), other / 2, other / 2] : [],
            MinTokens = adjusted ? random.Next(10) : 0,
        };
    }

    private static float[] Logits(Random random, int vocabulary)
    {
        float[] logits = SamplingInputs.Logits(vocabulary, random.Next(), Pick(random, 0.01, 1, 3, 3, 40));
        switch (random.Next(8))
        {
            case 0: // few values
                for (int i = 0; i < vocabulary; i++)
                    logits[i] = MathF.Round(logits[i] * 2) / 2;
                break;
            case 1: // one token alone
                logits.AsSpan().Fill(float.NegativeInfinity);
                logits[random.Next(vocabulary)] = -3;
                break;
            case 2: // far above all others
                logits[random.Next(vocabulary)] = 60;
                break;
            case 3 when random.Next(4) == 0:
                logits[random.Next(vocabulary)] = Pick(random, float.NaN, float.PositiveInfinity);
                break;
        }
        return logits;
    }
}
