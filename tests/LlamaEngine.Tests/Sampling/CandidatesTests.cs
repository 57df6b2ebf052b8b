using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Sampling;

/// <summary>What is left to draw from, and with which weights, against <see cref="SamplingOracle"/>.</summary>
public class CandidatesTests
{
    public static TheoryData<float, int, float, float, float> Truncations => new()
    {
        // temperature, top-k, typical-p, top-p, min-p
        { 1, 0, 1, 1, 0 },
        { 0.6f, 0, 1, 1, 0 },
        { 100, 0, 1, 1, 0 },
        { 0.01f, 0, 1, 1, 0 },
        { 1, 1, 1, 1, 0 },
        { 1, 7, 1, 1, 0 },
        { 1, 300, 1, 1, 0 },
        { 1, 0, 1, 0.9f, 0 },
        { 3, 0, 1, 0.97f, 0 },
        { 1, 0, 1, 0.0001f, 0 },
        { 1, 0, 1, 1, 0.05f },
        { 1, 0, 1, 1, 1 },
        { 1, 0, 0.4f, 1, 0 },
        { 1, 0, 0.95f, 1, 0 },
        { 0.8f, 40, 1, 0.95f, 0.05f },
        { 0.8f, 40, 0.7f, 0.95f, 0 },
        { 1.5f, 0, 0.9f, 0.9f, 0.02f },
    };

    [Theory]
    [MemberData(nameof(Truncations))]
    public void What_is_left_is_what_the_oracle_leaves(float temperature, int topK, float typicalP, float topP, float minP)
    {
        foreach (int size in new[] { 1, 2, 8, 31, 32, 33, 1000, 1025, 5000 })
        {
            var candidates = new Candidates(new TopSelection());
            for (int seed = 0; seed < 5; seed++)
                Compare(candidates, SamplingInputs.Logits(size, seed), Resolve(size, temperature, topK, typicalP, topP, minP));
        }
    }

    [Theory]
    [InlineData(0, 1, 1, 0)]
    [InlineData(50, 1, 0.9f, 0.02f)]
    [InlineData(0, 1, 0.99f, 0)]
    [InlineData(0, 0.9f, 1, 0)]
    [InlineData(0, 1, 0.999999f, 0)]
    public void Llama_3_vocabulary(int topK, float typicalP, float topP, float minP) =>
        Compare(new Candidates(new TopSelection()), SamplingInputs.Logits(128256, 1), Resolve(128256, 0.9f, topK, typicalP, topP, minP));

    [Fact]
    public void Equal_logits_keep_the_lower_tokens()
    {
        var candidates = new Candidates(new TopSelection());
        candidates.Load(new float[5000], 0, 1, topK: 3);
        Assert.Equal([0, 1, 2], Enumerable.Range(0, candidates.Count).Select(candidates.Token));
        candidates.Load(new float[5000], 0, 1, topK: 0);
        candidates.KeepNucleus(0.5f);
        Assert.Equal(Enumerable.Range(0, 2500), Enumerable.Range(0, candidates.Count).Select(candidates.Token));
    }

    [Fact]
    public void Every_candidate_is_drawn_in_its_share_of_the_unit_interval()
    {
        var candidates = new Candidates(new TopSelection());
        float[] logits = SamplingInputs.Logits(3000, 5);
        candidates.Load(logits, logits.Max(), 1, topK: 0);
        double total = Enumerable.Range(0, 3000).Sum(i => (double)candidates.Weight(i)), start = 0;
        for (int i = 0; i < 3000; i++)
        {
            double share = candidates.Weight(i) / total;
            if (share > 1e-9)
            {
                Assert.Equal(i, candidates.Draw(start + share * 0.01));
                Assert.Equal(i, candidates.Draw(start + share * 0.99));
            }
            start += share;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1024)]
    [InlineData(2048)]
    [InlineData(5000)]
    public void The_ends_of_the_unit_interval_give_candidates_with_a_weight(int size)
    {
        var logits = new float[size];
        logits.AsSpan().Fill(float.NegativeInfinity);
        logits[size / 2] = 3;
        var candidates = new Candidates(new TopSelection());
        candidates.Load(logits, 3, 1, topK: 0);
        Assert.Equal(size / 2, candidates.Draw(0));
        Assert.Equal(size / 2, candidates.Draw(1 - 1e-16));
        Assert.Equal(size / 2, candidates.Draw(1)); // out of contract, as rounding may be
    }

    private static SamplingParameters Resolve(int size, float temperature, int topK, float typicalP, float topP, float minP) =>
        SamplingInputs.Parameters(
            size, new GenerationOptions { Temperature = temperature, TopK = topK, TypicalP = typicalP, TopP = topP, MinP = minP });

    private static void Compare(Candidates candidates, float[] logits, SamplingParameters parameters)
    {
        candidates.Load(logits, logits.Max(), parameters.Temperature, parameters.TopK);
        if (parameters.TypicalP < 1)
            candidates.KeepTypical(parameters.TypicalP);
        if (parameters.TopP < 1)
            candidates.KeepNucleus(parameters.TopP);
        if (parameters.MinP > 0)
            candidates.KeepLikely(parameters.MinP);
        double[] expected = SamplingOracle.Distribution([.. logits.Select(value => (double)value)], parameters);
        var actual = new double[logits.Length];
        double total = Enumerable.Range(0, candidates.Count).Sum(i => (double)candidates.Weight(i));
        Assert.Equal(Enumerable.Range(0, candidates.Count).Select(candidates.Token).Order(), Enumerable.Range(0, candidates.Count).Select(candidates.Token));
        for (int i = 0; i < candidates.Count; i++)
            actual[candidates.Token(i)] = candidates.Weight(i) / total;
        for (int token = 0; token < expected.Length; token++)
        {
            // A scaled logit x is rounded to a float: its exponential is off by |x| · 2⁻²³ at most.
            double tolerance = 1e-37 + expected[token] * (1e-6 - Math.Log(Math.Max(expected[token], 1e-37)) / (1 << 23));
            if (Math.Abs(expected[token] - actual[token]) > tolerance)
                Assert.Fail($"{parameters}: size {logits.Length}, token {token}: {actual[token]} in place of {expected[token]}");
        }
    }
}
