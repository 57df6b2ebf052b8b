using System.Runtime.CompilerServices;
using LlamaEngine.Backends;
using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Sampling;
using LlamaEngine.Tests.Sampling;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>
/// The device draws the host's tokens. Weights are the same bits on both; sums of weights are taken in another order, so that a draw
/// would differ whose fraction lies within some 10⁻¹⁵ of the border between two tokens, or a nucleus that misses its mass by as little.
/// One draw in 10¹⁰ may do so for the largest vocabularies: none of these does.
/// </summary>
public sealed class SampleKernelTests
{
    private const int RowsAtOnce = 48;

    [Fact]
    public void Structs_have_the_sizes_of_kernels_h()
    {
        Assert.Equal(8 + 14 * 4, Unsafe.SizeOf<RowSampling>());
        Assert.Equal(8, Unsafe.SizeOf<LogitAdjustment>());
        Assert.Equal(8, Unsafe.SizeOf<SeenToken>());
    }

    [Fact]
    public void A_vocabulary_too_large_is_refused_with_both_numbers()
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => SamplingKernels.Resolve(null!, SamplingKernels.MaxVocabulary + 1));
        Assert.Contains("1,048,577", error.Message, StringComparison.Ordinal);
        Assert.Contains("1,048,576", error.Message, StringComparison.Ordinal);
    }

    // Every launch mixes rows of all kinds: settings, penalties, masks, and logits with ties, −∞, NaN.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    [InlineData(31, 4)]
    [InlineData(32, 8)]
    [InlineData(33, 8)]
    [InlineData(511, 4)]
    [InlineData(513, 8)]
    [InlineData(1000, 16)]
    [InlineData(4097, 6)]
    [InlineData(49152, 1)]
    public void The_device_draws_the_host_s_tokens(int vocabulary, int launches)
    {
        using var bench = new SampleBench();
        for (int launch = 0; launch < launches; launch++)
        {
            var random = new Random(vocabulary * 100 + launch);
            SampleRow[] rows = [.. Enumerable.Range(0, RowsAtOnce).Select(_ => SampleCases.Row(random, vocabulary))];
            AssertEqual(rows, bench.Draw(rows));
        }
    }

    [Theory]
    [InlineData(33)]
    [InlineData(1000)]
    [InlineData(5000)]
    public void Equals_go_by_their_ids(int vocabulary)
    {
        using var bench = new SampleBench();
        float[] equal = new float[vocabulary], two = [.. Enumerable.Range(0, vocabulary).Select(token => token % 3 == 0 ? 1f : 0f)];
        float[] few = [.. Enumerable.Range(0, vocabulary).Select(token => token * 31 % 7 / 2f)];
        GenerationOptions[] options =
        [
            new() { TopK = 1 }, new() { TopK = 7 }, new() { TopK = 32 }, new() { TopK = vocabulary / 2 }, new() { TopK = vocabulary - 1 },
            new() { TopP = 0.5f }, new() { TopP = 0.25f }, new() { TopP = 0.9f }, new() { TopP = 1e-7f }, new() { TopK = 20, TopP = 0.5f },
            new() { MinP = 1 }, new() { TopP = 0.75f, MinP = 0.5f },
        ];
        List<SampleRow> rows = [];
        foreach (float[] logits in new[] { equal, two, few })
            foreach (GenerationOptions option in options)
                for (ulong seed = 0; seed < 5; seed++)
                    rows.Add(Row(logits, option with { Temperature = 1, Seed = seed }));
        AssertEqual([.. rows], bench.Draw([.. rows]));
    }

    [Fact]
    public void Extreme_settings_stay_sane()
    {
        using var bench = new SampleBench();
        float[] widest = [-float.MaxValue, float.MaxValue, 0, float.MaxValue], zeros = [-1, -0f, 0f, -0f], subnormal = [float.Epsilon, -float.Epsilon, 0, 1e-39f];
        List<SampleRow> rows = [];
        foreach (float[] logits in new[] { widest, zeros, subnormal })
            foreach (float temperature in new[] { 0, float.Epsilon, 1e-38f, 1, float.MaxValue })
                foreach (int topK in new[] { 0, 1, 2, 3 })
                    foreach (float topP in new[] { float.Epsilon, 0.5f, MathF.BitDecrement(1), 1 })
                        rows.Add(Row(logits, new GenerationOptions { Temperature = temperature, TopK = topK, TopP = topP, Seed = (ulong)rows.Count }));
        AssertEqual([.. rows], bench.Draw([.. rows]));
    }

    [Fact]
    public void Broken_and_forbidden_rows_are_told_apart_wherever_it_is()
    {
        using var bench = new SampleBench();
        foreach (int vocabulary in new[] { 1, 33, 4097 })
        {
            List<SampleRow> rows = [];
            foreach (float temperature in new[] { 0f, 1f })
            {
                var options = new GenerationOptions { Temperature = temperature };
                rows.Add(Row([.. Enumerable.Repeat(float.NegativeInfinity, vocabulary)], options));
                rows.Add(Row(new float[vocabulary], options) with { Allowed = new bool[vocabulary] });
                foreach (float broken in new[] { float.NaN, -float.NaN, float.PositiveInfinity })
                    foreach (int place in new[] { 0, vocabulary / 2, vocabulary - 1 })
                    {
                        float[] logits = new float[vocabulary];
                        logits[place] = broken;
                        rows.Add(Row(logits, options));
                    }
            }
            int[] drawn = bench.Draw([.. rows]);
            AssertEqual([.. rows], drawn);
            Assert.Equal([SampleArguments.NoneAllowed, SampleArguments.NoneAllowed, SampleArguments.NotFinite], drawn[..3]);
        }
    }

    [Fact]
    public void Rows_that_are_not_sampled_stay_untouched()
    {
        using var bench = new SampleBench();
        SampleRow row = Row([0, 3, 1], new GenerationOptions());
        Assert.Equal([SampleBench.Untouched, 1, SampleBench.Untouched, 1], bench.Draw(null, row, null, row));
    }

    [Theory]
    [InlineData(0.7f, 0, 1f, 0f)]
    [InlineData(1.5f, 12, 1f, 0f)]
    [InlineData(1f, 0, 0.8f, 0f)]
    [InlineData(1f, 0, 1f, 0.1f)]
    [InlineData(1.2f, 25, 0.95f, 0.02f)]
    public void Tokens_are_drawn_with_their_probabilities(float temperature, int topK, float topP, float minP)
    {
        const int Size = 40, Draws = 1500, Prompt = 3;
        var options = new GenerationOptions
        {
            Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, Seed = 7, RepetitionPenalty = 1.2f, PresencePenalty = 0.3f, PenaltyWindow = 3,
        };
        SamplingParameters parameters = SamplingInputs.Parameters(Size, options);
        float[] logits = SamplingInputs.Logits(Size, 11, spread: 1.5);
        int[] tokens = [4, 5, 6, .. Enumerable.Repeat(9, Draws + 2)];
        using var bench = new SampleBench();
        var counts = new int[Size];
        for (int draw = 0; draw < Draws; draw += 500)
        {
            IEnumerable<SampleRow> rows = Enumerable.Range(draw, 500).Select(i => new SampleRow(parameters, logits, tokens[..(Prompt + 3 + i)], Prompt, Pending: true));
            foreach (int token in bench.Draw([.. rows]))
                counts[token]++;
        }
        double[] adjusted = SamplingOracle.Adjust(logits, tokens[..(Prompt + 3)], Prompt, parameters);
        RandomnessTests.AssertFollows(SamplingOracle.Distribution(adjusted, parameters), counts);
    }

    private static SampleRow Row(float[] logits, GenerationOptions options) =>
        new(SamplingInputs.Parameters(logits.Length, options), logits, [], 0);

    private static void AssertEqual(SampleRow[] rows, int[] drawn)
    {
        Assert.Equal(rows.Length, drawn.Length);
        for (int i = 0; i < rows.Length; i++)
            if (rows[i].DrawOnHost() is var expected && expected != drawn[i])
                Assert.Fail($"row {i}: the host draws {expected}, the device {drawn[i]}, with {rows[i].Parameters}");
    }
}
