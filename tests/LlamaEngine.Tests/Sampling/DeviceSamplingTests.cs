using LlamaEngine.Backends;
using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Sampling;

/// <summary>What the host tells a device, taken at its word by a plain program, is what the sampler does.</summary>
public class DeviceSamplingTests
{
    private const int Size = 20;

    [Theory]
    [InlineData(1.3f, 0.5f, 0.25f, null)]
    [InlineData(1f, 0.5f, 0f, null)]
    [InlineData(1f, 0f, 0.25f, 7)]
    [InlineData(0.7f, -1f, -0.5f, 12)]
    [InlineData(1.3f, 0f, 0f, 1)]
    [InlineData(1.3f, 0.5f, 0.25f, 0)]
    [InlineData(1.3f, 0.5f, 0.25f, 1000)]
    public void A_plan_adjusts_logits_as_the_sampler_does(float repetition, float presence, float frequency, int? window)
    {
        var options = new GenerationOptions
        {
            RepetitionPenalty = repetition, PresencePenalty = presence, FrequencyPenalty = frequency, PenaltyWindow = window,
            LogitBias = new Dictionary<int, float> { [0] = 1.25f, [3] = -0.5f, [4] = float.NegativeInfinity }, BannedTokens = [3, 7, 7], MinTokens = 4,
            StopTokens = [9],
        };
        SamplingParameters parameters = SamplingInputs.Parameters(Size, options, 8);
        var plan = new SamplingPlan(Size, 64, 1000, 1000);
        for (int promptLength = 0; promptLength < 10; promptLength++)
            for (int count = promptLength; count < promptLength + 6; count++)
            {
                int[] tokens = SamplingInputs.Tokens(count, 6, seed: promptLength + count);
                float[] logits = SamplingInputs.Logits(Size, count);
                double[] expected = SamplingOracle.Adjust(logits, tokens, promptLength, parameters);
                plan.Clear();
                Assert.True(DeviceSampling.TryWrite(plan, 5, parameters, tokens, promptLength, DeviceSampling.NonePending));
                Assert.Equal(expected, Apply(plan, 0, logits, []), new Near());
                if (count == promptLength)
                    continue;
                Assert.True(DeviceSampling.TryWrite(plan, 2, parameters, tokens.AsSpan(..^1), promptLength, pendingRow: 1));
                Assert.Equal(expected, Apply(plan, 1, logits, [-1, tokens[^1]]), new Near());
                Assert.Equal([5, 2], plan.Rows.ToArray().Select(row => row.LogitRow));
            }
    }

    [Fact]
    public void Settings_and_random_numbers_are_the_sampler_s()
    {
        var options = new GenerationOptions { Temperature = 0.7f, TopK = 5, TopP = 0.9f, MinP = 0.1f, Seed = 12 };
        SamplingParameters parameters = SamplingInputs.Parameters(Size, options);
        var plan = new SamplingPlan(Size, 3, 0, 0);
        Assert.True(DeviceSampling.TryWrite(plan, 0, parameters, new int[6], 4, DeviceSampling.NonePending));
        Assert.True(DeviceSampling.TryWrite(plan, 1, parameters, new int[6], 4, pendingRow: 0));
        Assert.True(plan.TrySkip());
        Assert.Equal([new RandomStream(12)[2], new RandomStream(12)[3], 0], plan.Rows.ToArray().Select(row => row.Fraction));
        Assert.Equal([0, 1, -1], plan.Rows.ToArray().Select(row => row.LogitRow));
        RowSampling first = plan.Rows[0];
        Assert.Equal((0.7f, 5, 0.9f, 0.1f), (first.Temperature, first.TopK, first.TopP, first.MinP));
        Assert.Equal((-1, -1), (first.PendingToken, first.Mask));
        // Without penalties nobody need know what is pending.
        Assert.Equal(-1, plan.Rows[1].PendingToken);
    }

    [Fact]
    public void Tokens_outside_the_vocabulary_are_not_seen()
    {
        SamplingParameters parameters = SamplingInputs.Parameters(Size, new GenerationOptions { RepetitionPenalty = 2 });
        var plan = new SamplingPlan(Size, 1, 0, 10);
        Assert.True(DeviceSampling.TryWrite(plan, 0, parameters, [1, -1, Size, int.MaxValue, 2, 1], 5, DeviceSampling.NonePending));
        Assert.Equal([new SeenToken(1, 1), new SeenToken(2, 0)], plan.Seen);
    }

    [Fact]
    public void What_does_not_fit_leaves_the_plan_as_it_was()
    {
        SamplingParameters seeing = SamplingInputs.Parameters(Size, new GenerationOptions { RepetitionPenalty = 2, BannedTokens = [4] });
        SamplingParameters banning = SamplingInputs.Parameters(Size, new GenerationOptions { BannedTokens = [1, 2, 3] });
        SamplingParameters plain = SamplingInputs.Parameters(Size, new GenerationOptions());
        var plan = new SamplingPlan(Size, 3, 3, 4);
        Assert.True(DeviceSampling.TryWrite(plan, 0, seeing, [1, 2, 1], 3, DeviceSampling.NonePending));
        Assert.False(DeviceSampling.TryWrite(plan, 1, seeing, [1, 2, 3], 3, DeviceSampling.NonePending));
        Assert.False(DeviceSampling.TryWrite(plan, 1, banning, [], 0, DeviceSampling.NonePending));
        Assert.Equal((1, 1, 2), (plan.Rows.Length, plan.Adjustments.Length, plan.Seen.Length));
        // What was refused has left no trace in what counts tokens.
        Assert.True(DeviceSampling.TryWrite(plan, 1, seeing, [1, 3, 3], 1, DeviceSampling.NonePending));
        Assert.Equal([new SeenToken(1, 0), new SeenToken(2, 0), new SeenToken(1, 0), new SeenToken(3, 2)], plan.Seen);
        Assert.Equal((1, 1, 2, 2), (plan.Rows[1].FirstAdjustment, plan.Rows[1].AdjustmentCount, plan.Rows[1].FirstSeen, plan.Rows[1].SeenCount));
        Assert.True(DeviceSampling.TryWrite(plan, 2, plain, [], 0, DeviceSampling.NonePending));
        Assert.False(DeviceSampling.TryWrite(plan, 3, plain, [], 0, DeviceSampling.NonePending));
        Assert.False(plan.TrySkip());
        plan.Truncate(1);
        Assert.Equal((1, 1, 2), (plan.Rows.Length, plan.Adjustments.Length, plan.Seen.Length));
    }

    [Fact]
    public void Processors_log_probabilities_and_typical_p_stay_with_the_host()
    {
        Assert.True(Supports(new GenerationOptions { Temperature = 1, TopK = 3, TopP = 0.5f, MinP = 0.1f, RepetitionPenalty = 2, MinTokens = 3 }));
        Assert.False(Supports(new GenerationOptions { TypicalP = 0.9f }));
        Assert.False(Supports(new GenerationOptions { TopLogProbabilities = 0 }));
        Assert.False(Supports(new GenerationOptions { LogitProcessors = [new Nothing()] }));
        SamplingParameters typical = SamplingInputs.Parameters(Size, new GenerationOptions { TypicalP = 0.9f });
        Assert.Throws<ArgumentException>(() => DeviceSampling.TryWrite(new SamplingPlan(Size, 1, 0, 0), 0, typical, [], 0, -1));
        SamplingParameters other = SamplingInputs.Parameters(Size + 1, new GenerationOptions());
        Assert.Throws<ArgumentException>(() => DeviceSampling.TryWrite(new SamplingPlan(Size, 1, 0, 0), 0, other, [], 0, -1));

        static bool Supports(GenerationOptions options) => DeviceSampling.Supports(SamplingInputs.Parameters(Size, options));
    }

    [Fact]
    public void Writing_a_row_allocates_nothing()
    {
        var options = new GenerationOptions
        {
            Temperature = 1, RepetitionPenalty = 1.1f, FrequencyPenalty = 1, PenaltyWindow = 64, LogitBias = new Dictionary<int, float> { [1] = 2 },
            BannedTokens = [3], MinTokens = 5, StopTokens = [4],
        };
        SamplingParameters parameters = SamplingInputs.Parameters(Size, options);
        var plan = new SamplingPlan(Size, 1, 10, Size);
        int[] tokens = SamplingInputs.Tokens(100, Size, 1);
        SamplingAllocationTests.AssertAllocatesNothing(() =>
        {
            plan.Clear();
            DeviceSampling.TryWrite(plan, 0, parameters, tokens, 60, pendingRow: 0);
        });
        Assert.Equal(1, plan.Rows.Length);
    }

    // The contract of kernels.h in double precision.
    private static double[] Apply(SamplingPlan plan, int index, float[] logits, int[] drawnBefore)
    {
        RowSampling row = plan.Rows[index];
        double[] result = [.. logits.Select(value => (double)value)];
        foreach (LogitAdjustment adjustment in plan.Adjustments.Slice(row.FirstAdjustment, row.AdjustmentCount))
            result[adjustment.Token] += adjustment.Bias;
        var seen = new Dictionary<int, int>();
        foreach (SeenToken token in plan.Seen.Slice(row.FirstSeen, row.SeenCount))
            seen.Add(token.Token, token.Generated); // throws for a token that comes twice
        if (row.PendingToken >= 0)
            seen[drawnBefore[row.PendingToken]] = seen.GetValueOrDefault(drawnBefore[row.PendingToken]) + 1;
        foreach ((int token, int generated) in seen)
        {
            ref double logit = ref result[token];
            logit = logit > 0 ? logit / row.RepetitionPenalty : logit * row.RepetitionPenalty;
            logit -= generated > 0 ? row.PresencePenalty + generated * row.FrequencyPenalty : 0;
        }
        return result;
    }

    private sealed class Near : IEqualityComparer<double>
    {
        public bool Equals(double x, double y) => x == y || Math.Abs(x - y) < 1e-9;

        public int GetHashCode(double value) => 0;
    }

    private sealed class Nothing : ILogitProcessor
    {
        public void Process(ReadOnlySpan<int> tokens, int promptLength, Span<float> logits)
        {
        }
    }
}
