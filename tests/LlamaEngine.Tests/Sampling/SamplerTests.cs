using System.Collections.Immutable;
using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Sampling;

public class SamplerTests
{
    public static TheoryData<int> Sizes => SamplingInputs.Sizes;

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Greedy_takes_the_first_of_the_best(int size)
    {
        var sampler = new Sampler(SamplingInputs.Parameters(size, new GenerationOptions()));
        for (int seed = 0; seed < 5; seed++)
        {
            float[] logits = SamplingInputs.Logits(size, seed, spread: 1);
            int expected = Array.IndexOf(logits, logits.Max());
            Assert.Equal(new SampledToken(expected, null), sampler.Sample(logits, [], 0));
        }
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Greedy_finds_the_best_at_every_place_and_the_first_of_two(int size)
    {
        var sampler = new Sampler(SamplingInputs.Parameters(size, new GenerationOptions()));
        foreach (int place in Enumerable.Range(0, Math.Min(size, 70)).Append(size - 1))
        {
            var logits = new float[size];
            logits.AsSpan().Fill(-5);
            logits[place] = logits[^1] = -4;
            Assert.Equal(place, sampler.Sample(logits, [], 0).TokenId);
        }
    }

    [Fact]
    public void Negative_zero_equals_zero()
    {
        float[] logits = [-1, -0f, 0f, -0f];
        Assert.Equal(1, new Sampler(SamplingInputs.Parameters(4, new GenerationOptions())).Sample(logits, [], 0).TokenId);
        Assert.Equal(1, new Sampler(SamplingInputs.Parameters(4, new GenerationOptions { Temperature = 1, TopK = 1 })).Sample(logits, [], 0).TokenId);
    }

    [Theory]
    [InlineData(1f, 0f, 0f, null)]
    [InlineData(1.3f, 0f, 0f, null)]
    [InlineData(0.7f, 0f, 0f, null)]
    [InlineData(1f, 1.5f, 0f, null)]
    [InlineData(1f, 0f, 0.4f, null)]
    [InlineData(1f, -2f, -2f, null)]
    [InlineData(1.2f, 0.5f, 0.25f, 12)]
    [InlineData(1.2f, 0.5f, 0.25f, 30)]
    [InlineData(1.2f, 0.5f, 0.25f, 0)]
    [InlineData(1.2f, 0.5f, 0.25f, 1000)]
    public void Log_probabilities_are_those_of_the_penalized_logits(float repetition, float presence, float frequency, int? window)
    {
        foreach (int size in new[] { 1, 2, 31, 32, 33, 1000 })
        {
            var options = new GenerationOptions
            {
                RepetitionPenalty = repetition, PresencePenalty = presence, FrequencyPenalty = frequency, PenaltyWindow = window,
                LogitBias = new Dictionary<int, float> { [0] = 1.25f, [size - 1] = -0.5f }, TopLogProbabilities = 20,
            };
            SamplingParameters parameters = SamplingInputs.Parameters(size, options);
            CheckLogProbabilities(parameters, SamplingInputs.Tokens(40, size, size), promptLength: 25);
        }
    }

    [Fact]
    public void Log_probabilities_are_taken_before_temperature_and_truncation()
    {
        var options = new GenerationOptions { Temperature = 3, TopK = 5, TopP = 0.5f, MinP = 0.1f, TopLogProbabilities = 7, Seed = 3 };
        CheckLogProbabilities(SamplingInputs.Parameters(128256, options), [], 0);
    }

    [Fact]
    public void Zero_alternatives_give_the_sampled_token_only()
    {
        var sampler = new Sampler(SamplingInputs.Parameters(2, new GenerationOptions { TopLogProbabilities = 0 }));
        SampledToken sampled = sampler.Sample([0, 0], [], 0);
        Assert.Equal(-Math.Log(2), sampled.LogProbability!.Value, 6);
        Assert.Equal(0, sampler.TopLogProbabilities.Length);
    }

    [Fact]
    public void Alternatives_are_ordered_by_token_where_equal_and_leave_forbidden_tokens_out()
    {
        var options = new GenerationOptions { TopLogProbabilities = 20, BannedTokens = [2] };
        var sampler = new Sampler(SamplingInputs.Parameters(5, options));
        sampler.Sample([1, 2, 9, 2, 2], [], 0);
        Assert.Equal([1, 3, 4, 0], sampler.TopLogProbabilities.ToArray().Select(top => top.TokenId));
    }

    [Fact]
    public void Penalties_ignore_tokens_outside_the_vocabulary()
    {
        var options = new GenerationOptions { RepetitionPenalty = 2, FrequencyPenalty = 1 };
        var sampler = new Sampler(SamplingInputs.Parameters(3, options));
        Assert.Equal(2, sampler.Sample([2, 1, 1.5f], [0, -1, 3, int.MaxValue, 0], 1).TokenId);
    }

    [Fact]
    public void Banned_and_early_end_tokens_are_never_sampled()
    {
        var options = new GenerationOptions { BannedTokens = [4], MinTokens = 2, StopTokens = [3], IgnoreEndTokens = true };
        var sampler = new Sampler(SamplingInputs.Parameters(5, options, 2));
        Assert.Equal(1, sampler.Sample([0, 1, 2, 3, 4], [9, 9], 2).TokenId);
        Assert.Equal(1, sampler.Sample([0, 1, 2, 3, 4], [9, 9, 1], 2).TokenId);
        Assert.Equal(3, sampler.Sample([0, 1, 2, 3, 4], [9, 9, 1, 1], 2).TokenId);
    }

    [Fact]
    public void Processors_see_raw_logits_in_their_order()
    {
        var options = new GenerationOptions
        {
            LogitProcessors = [new Recorder(10), new Recorder(100)], LogitBias = new Dictionary<int, float> { [0] = 0.5f },
        };
        var sampler = new Sampler(SamplingInputs.Parameters(2, options));
        float[] logits = [1, 1];
        Assert.Equal(0, sampler.Sample(logits, [1, 0, 1], 2).TokenId);
        Assert.Equal([111.5f, 111], logits);
        Assert.Equal(1, ((Recorder)options.LogitProcessors[0]).Seen);
        Assert.Equal(11, ((Recorder)options.LogitProcessors[1]).Seen);
    }

    [Fact]
    public void No_token_allowed_is_an_error()
    {
        var sampler = new Sampler(SamplingInputs.Parameters(3, new GenerationOptions { BannedTokens = [0, 1, 2] }));
        Assert.Throws<NoTokenAllowedException>(() => sampler.Sample([1, 2, 3], [], 0));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Broken_logits_are_an_error_wherever_they_are(float broken)
    {
        foreach (int size in new[] { 1, 8, 16, 17, 33, 1000 })
        {
            var sampler = new Sampler(SamplingInputs.Parameters(size, new GenerationOptions { Temperature = 1 }));
            foreach (int place in new[] { 0, size / 2, size - 1 })
            {
                var logits = new float[size];
                logits[place] = broken;
                NotFiniteNumberException error = Assert.Throws<NotFiniteNumberException>(() => sampler.Sample(logits, [], 0));
                Assert.Contains($"token {place} ", error.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Inputs_that_contradict_each_other_are_refused()
    {
        var sampler = new Sampler(SamplingInputs.Parameters(3, new GenerationOptions()));
        Assert.Throws<ArgumentOutOfRangeException>(() => sampler.Sample(new float[3], [1, 2], 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => sampler.Sample(new float[3], [1, 2], -1));
        Assert.Throws<ArgumentException>(() => sampler.Sample(new float[4], [], 0));
        Assert.Throws<ArgumentException>(() => new Sampler(SamplingInputs.Parameters(3, new()), new SamplerScratch(4)));
    }

    [Fact]
    public void Extreme_temperatures_stay_sane()
    {
        var coldest = new Sampler(SamplingInputs.Parameters(3, new GenerationOptions { Temperature = float.Epsilon }));
        Assert.Equal(1, coldest.Sample([-float.MaxValue, float.MaxValue, 0], [], 0).TokenId);
        var hottest = new Sampler(SamplingInputs.Parameters(3, new GenerationOptions { Temperature = float.MaxValue, Seed = 1 }));
        Assert.NotEqual(2, hottest.Sample([1, 2, float.NegativeInfinity], [], 0).TokenId);
    }

    private static void CheckLogProbabilities(SamplingParameters parameters, int[] tokens, int promptLength)
    {
        var sampler = new Sampler(parameters);
        for (int seed = 0; seed < 3; seed++)
        {
            float[] logits = SamplingInputs.Logits(parameters.VocabularySize, seed);
            double[] expected = SamplingOracle.LogSoftmax(SamplingOracle.Adjust(logits, tokens, promptLength, parameters));
            SampledToken sampled = sampler.Sample(logits, tokens, promptLength);
            Assert.Equal(expected[sampled.TokenId], sampled.LogProbability!.Value, 1e-5);
            int allowed = Math.Min(parameters.TopLogProbabilities!.Value, expected.Count(p => !double.IsNegativeInfinity(p)));
            Assert.Equal(allowed, sampler.TopLogProbabilities.Length);
            double[] best = [.. expected.OrderDescending().Take(allowed)];
            for (int i = 0; i < allowed; i++)
            {
                TokenLogProbability top = sampler.TopLogProbabilities[i];
                Assert.Equal(best[i], top.LogProbability, 1e-5);
                Assert.Equal(expected[top.TokenId], top.LogProbability, 1e-5);
            }
        }
    }

    private sealed class Recorder(float add) : ILogitProcessor
    {
        public float Seen { get; private set; }

        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits)
        {
            Assert.Equal([1, 0, 1], tokens);
            Assert.Equal(2, promptLength);
            Seen = logits[0];
            foreach (ref float logit in logits)
                logit += add;
        }
    }
}
