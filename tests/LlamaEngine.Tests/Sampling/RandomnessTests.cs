using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Sampling;

/// <summary>Draws follow the distribution, and a seed gives the same tokens for ever.</summary>
public class RandomnessTests
{
    [Fact]
    public void Random_numbers_of_a_seed_never_change()
    {
        // SplitMix64's published first outputs for the state 0, whose mix is 0.
        ulong[] published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F, 0xF88BB8A8724C81EC];
        for (int i = 0; i < published.Length; i++)
            Assert.Equal((published[i] >> 11) * Math.Pow(2, -53), new RandomStream(0)[i]);
    }

    [Fact]
    public void Random_numbers_are_uniform_over_indices_and_over_seeds()
    {
        var overIndices = new int[100];
        var overSeeds = new int[100];
        var stream = new RandomStream(20261121);
        for (int i = 0; i < 100_000; i++)
        {
            overIndices[(int)(stream[i] * 100)]++;
            overSeeds[(int)(new RandomStream((ulong)i)[0] * 100)]++;
        }
        double[] expected = [.. Enumerable.Repeat(0.01, 100)];
        AssertFollows(expected, overIndices);
        AssertFollows(expected, overSeeds);
    }

    [Theory]
    [InlineData(1f, 0, 1f, 1f, 0f)]
    [InlineData(0.7f, 0, 1f, 1f, 0f)]
    [InlineData(1.5f, 12, 1f, 1f, 0f)]
    [InlineData(1f, 0, 1f, 0.8f, 0f)]
    [InlineData(1f, 0, 1f, 1f, 0.1f)]
    [InlineData(1f, 0, 0.8f, 1f, 0f)]
    [InlineData(1.2f, 25, 0.95f, 0.95f, 0.02f)]
    public void Tokens_are_drawn_with_their_probabilities(float temperature, int topK, float typicalP, float topP, float minP)
    {
        const int Size = 40, Draws = 50_000;
        var options = new GenerationOptions { Temperature = temperature, TopK = topK, TypicalP = typicalP, TopP = topP, MinP = minP, Seed = 7 };
        SamplingParameters parameters = SamplingInputs.Parameters(Size, options);
        var sampler = new Sampler(parameters);
        float[] logits = SamplingInputs.Logits(Size, 11, spread: 1.5), row = new float[Size];
        var tokens = new int[Draws];
        var counts = new int[Size];
        for (int i = 0; i < Draws; i++)
        {
            logits.CopyTo(row, 0);
            counts[sampler.Sample(row, tokens.AsSpan(0, i), 0).TokenId]++;
        }
        AssertFollows(SamplingOracle.Distribution([.. logits.Select(value => (double)value)], parameters), counts);
    }

    // Recorded from a plain double-precision computation in another language.
    [Theory]
    [InlineData(42UL, new[] { 1825, 429, 505, 126, 2929, 726, 822, 517, 2266, 731, 2246, 2638, 2739, 240, 144, 2508, 210, 684, 264, 2001 })]
    [InlineData(0xFFFFFFFFFFFFFFFF, new[] { 1952, 2106, 948, 81, 2482, 139, 1392, 2358, 1762, 2654, 1012, 1125, 119, 1999, 316, 212, 1227, 159, 2638, 1808 })]
    public void The_same_seed_gives_the_same_tokens_for_ever(ulong seed, int[] recorded)
    {
        var options = new GenerationOptions { Temperature = 0.9f, TopP = 0.98f, MinP = 0.01f, RepetitionPenalty = 1.1f, Seed = seed };
        Assert.Equal(recorded, Generate(options, recorded.Length));
    }

    [Fact]
    public void Seeds_differ_and_a_missing_seed_is_random()
    {
        var options = new GenerationOptions { Temperature = 2 };
        Assert.NotEqual(Generate(options with { Seed = 1 }, 20), Generate(options with { Seed = 2 }, 20));
        Assert.NotEqual(Generate(options, 20), Generate(options, 20));
    }

    [Fact]
    public void A_sequence_goes_on_in_another_sampler_as_it_would_have()
    {
        var options = new GenerationOptions { Temperature = 1, Seed = 9 };
        int[] whole = Generate(options, 30);
        Assert.Equal(whole, Generate(options, 30, restartAt: 13));
    }

    // Whole multiples of 1/64 as logits: exact wherever they are computed.
    private static int[] Generate(GenerationOptions options, int count, int restartAt = -1)
    {
        const int Size = 3000;
        var sampler = new Sampler(SamplingInputs.Parameters(Size, options));
        var tokens = new int[count];
        var logits = new float[Size];
        for (int n = 0; n < count; n++)
        {
            for (int i = 0; i < Size; i++)
                logits[i] = (i * 7919 + n * 104729) % 1021 / 64f;
            if (n == restartAt)
                sampler = new Sampler(SamplingInputs.Parameters(Size, options));
            tokens[n] = sampler.Sample(logits, tokens.AsSpan(0, n), 0).TokenId;
        }
        return tokens;
    }

    // χ² over the tokens expected often enough; the bound is mean + 5 standard deviations. Seeds are fixed: no flakes.
    internal static void AssertFollows(double[] probabilities, int[] counts)
    {
        double draws = counts.Sum(), chi = 0;
        int cells = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            double expected = probabilities[i] * draws;
            if (expected == 0)
                Assert.Equal(0, counts[i]);
            if (expected < 5)
                continue;
            chi += (counts[i] - expected) * (counts[i] - expected) / expected;
            cells++;
        }
        Assert.True(cells > 1, "the distribution has become trivial");
        Assert.True(chi < cells - 1 + 5 * Math.Sqrt(2 * (cells - 1)), $"chi² is {chi} for {cells} cells");
    }
}
