using LlamaEngine.Sampling;

namespace LlamaEngine.Tests.Sampling;

public class LogitMathTests
{
    public static TheoryData<int> Sizes => SamplingInputs.Sizes;

    [Fact]
    public void Exponentials_are_right_to_two_units_in_the_last_place()
    {
        float[] values = [.. Enumerable.Range(0, 200_001).Select(i => -87f * i / 200_000), -1e-8f, -float.Epsilon];
        var results = new float[values.Length];
        LogitMath.Exp(values, results);
        for (int i = 0; i < values.Length; i++)
        {
            double exact = Math.Exp(values[i]);
            Assert.InRange(results[i], exact * (1 - 2.4e-7), exact * (1 + 2.4e-7));
        }
        Assert.Equal(1, results[0]);
    }

    [Fact]
    public void Exponentials_far_below_are_zero()
    {
        float[] values = [-87.01f, -1000, float.MinValue, float.NegativeInfinity];
        LogitMath.Exp(values, values);
        Assert.Equal([0, 0, 0, 0], values);
    }

    // Recorded: other bits on another instruction set would be other tokens.
    [Fact]
    public void Exponentials_and_sums_have_the_same_bits_everywhere()
    {
        float[] values = [.. Enumerable.Range(0, 10_007).Select(i => -(i * 7919 % 10_007) / 128f)];
        LogitMath.Scale(values, 0.25f, 0.7f, values);
        LogitMath.Exp(values, values);
        ulong hash = 14695981039346656037;
        foreach (float value in values)
            hash = (hash ^ BitConverter.SingleToUInt32Bits(value)) * 1099511628211;
        Assert.Equal((13242964021545445333UL, 4634069069736458292L), (hash, BitConverter.DoubleToInt64Bits(LogitMath.Sum(values))));
    }

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Passes_read_and_write_their_span_only(int size)
    {
        float[] row = [.. Enumerable.Repeat(float.NaN, 16), .. SamplingInputs.Logits(size, 3), .. Enumerable.Repeat(float.NaN, 16)];
        Span<float> values = row.AsSpan(16, size);
        float max = values[LogitMath.IndexOfMax(values)];
        LogitMath.Scale(values, max, 2, values);
        LogitMath.Exp(values, values);
        float[] expected = [.. SamplingInputs.Logits(size, 3).Select(value => (float)Math.Exp((value - max) / 2))];
        for (int i = 0; i < size; i++)
            Assert.Equal(expected[i], values[i], 3e-7);
        Assert.Equal(values.ToArray().Sum(value => (double)value), LogitMath.Sum(values), 1e-9 * size);
        Assert.All(row[..16].Concat(row[^16..]), value => Assert.True(float.IsNaN(value)));
    }

    [Fact]
    public void Nothing_has_no_maximum()
    {
        Assert.Equal(-1, LogitMath.IndexOfMax([]));
        Assert.Equal(-1, LogitMath.IndexOfMax([float.NegativeInfinity, float.NegativeInfinity]));
    }
}
