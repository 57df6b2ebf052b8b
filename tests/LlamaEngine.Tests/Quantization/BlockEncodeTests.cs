using LlamaEngine.Formats;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Tests.Quantization;

/// <summary>Encoding: exact where the format leaves no choice, bounded error where it does, typed errors for bad values.</summary>
public unsafe class BlockEncodeTests
{
    private const int Count = 4096;

    /// <summary>
    /// Root-mean-square error over root-mean-square value for normally distributed weights. Some ten percent above what
    /// ggml's reference quantizers reach; they were run beside ours on a million such values once: equal errors, and the formats
    /// without a search for scales equal byte for byte.
    /// </summary>
    [Theory]
    [InlineData(TensorType.F32, 0)]
    [InlineData(TensorType.F16, 3e-4)]
    [InlineData(TensorType.BF16, 2.5e-3)]
    [InlineData(TensorType.Q8_0, 7.5e-3)]
    [InlineData(TensorType.Q4_0, 0.10)]
    [InlineData(TensorType.Q4_1, 0.09)]
    [InlineData(TensorType.Q5_0, 0.05)]
    [InlineData(TensorType.Q4_K, 0.08)]
    [InlineData(TensorType.Q6_K, 0.021)]
    public void The_error_of_random_weights_stays_within_the_formats_reach(TensorType type, double bound)
    {
        float[] values = Normal(Count, 0.02f);
        Assert.InRange(RelativeError(values, RoundTrip(type, values)), 0, bound);
    }

    public static TheoryData<TensorType> Encodable => new(BlockCodec.Encodable.ToArray());

    [Theory]
    [MemberData(nameof(Encodable))]
    public void What_was_decoded_encodes_to_nearly_itself(TensorType type)
    {
        float[] once = RoundTrip(type, Normal(Count, 1));
        float[] twice = RoundTrip(type, once);
        Assert.InRange(RelativeError(once, twice), 0, type is TensorType.Q4_K or TensorType.Q6_K ? 0.03 : 1e-3);
    }

    [Theory]
    [MemberData(nameof(Encodable))]
    public void Zeros_stay_zeros(TensorType type) =>
        Assert.All(RoundTrip(type, new float[512]), value => Assert.Equal(0f, value));

    [Theory]
    [MemberData(nameof(Encodable))]
    public void Constant_tiny_and_one_sided_groups_keep_their_values(TensorType type)
    {
        foreach (float level in (float[])[1f, -1f, 3e4f, -3e4f, 1e-3f])
        {
            float[] values = Enumerable.Repeat(level, 256).ToArray();
            // Small weights make the half scales of the K types subnormal, which costs them digits.
            Assert.InRange(RelativeError(values, RoundTrip(type, values)), 0, MathF.Abs(level) < 0.01f ? 0.03 : 0.01);
        }
        float[] positive = Array.ConvertAll(Normal(256, 1), MathF.Abs);
        Assert.InRange(RelativeError(positive, RoundTrip(type, positive)), 0, 0.15);
        float[] vanishing = Normal(256, 1e-30f);
        Assert.All(RoundTrip(type, vanishing), value => Assert.InRange(value, -1e-28f, 1e-28f));
    }

    [Theory]
    [MemberData(nameof(Encodable))]
    public void Nothing_is_written_outside_of_the_blocks(TensorType type)
    {
        float[] values = Normal(512, 1);
        int bytes = (int)type.ByteLength(values.Length);
        var encoded = new byte[bytes + 2];
        encoded.AsSpan().Fill(0xA5);
        fixed (float* source = values)
        fixed (byte* destination = encoded)
            BlockCodec.Encode(type, source, destination + 1, values.Length);
        Assert.Equal(0xA5, encoded[0]);
        Assert.Equal(0xA5, encoded[^1]);
        var clean = new byte[bytes];
        fixed (float* source = values)
        fixed (byte* destination = clean)
            BlockCodec.Encode(type, source, destination, values.Length);
        Assert.Equal(clean, encoded[1..^1]);
    }

    [Fact]
    public void Halves_round_to_nearest_even()
    {
        Assert.Equal(Bits<Half>((Half)1.0009765625f), Encode(TensorType.F16, [1.0004884f]));
        Assert.Equal(Bits<Half>((Half)1f), Encode(TensorType.F16, [1.00048828125f]));
        Assert.Equal(Bits(BitConverter.UInt16BitsToHalf(1)), Encode(TensorType.F16, [6e-8f]));
        Assert.Equal(Bits<ushort>(0x3F80), Encode(TensorType.BF16, [1.00390625f]));
        Assert.Equal(Bits<ushort>(0x3F82), Encode(TensorType.BF16, [1.01171875f]));
        Assert.Equal(Bits<ushort>(0x8000), Encode(TensorType.BF16, [-0f]));
    }

    [Theory]
    [MemberData(nameof(Encodable))]
    public void Values_that_are_not_finite_are_refused(TensorType type)
    {
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            float[] values = Normal(256, 1);
            values[200] = bad;
            Assert.Contains("200", Assert.Throws<ArgumentException>(() => Encode(type, values)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(TensorType.F16, 65520f)]
    [InlineData(TensorType.BF16, float.MaxValue)]
    [InlineData(TensorType.Q8_0, 1e7f)]
    [InlineData(TensorType.Q4_0, -1e6f)]
    [InlineData(TensorType.Q4_1, -1e5f)]
    [InlineData(TensorType.Q4_K, 1e9f)]
    [InlineData(TensorType.Q6_K, 1e9f)]
    public void Values_too_large_for_the_scales_are_refused(TensorType type, float large)
    {
        float[] values = Normal(256, 1);
        values[3] = large;
        Assert.Throws<ArgumentException>(() => Encode(type, values));
    }

    [Fact]
    public void Types_that_cannot_be_written_are_refused_with_the_list_of_those_that_can()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Encode(TensorType.Q3_K, new float[256]));
        Assert.Contains("Q4_K", error.Message, StringComparison.Ordinal);
    }

    private static float[] Normal(int count, float deviation)
    {
        var random = new Random(20261121);
        var values = new float[count];
        for (int i = 0; i < count; i++)
            values[i] = (float)(deviation * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return values;
    }

    private static double RelativeError(float[] expected, float[] actual)
    {
        double error = 0, norm = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Math.Pow((double)expected[i] - actual[i], 2);
            norm += Math.Pow(expected[i], 2);
        }
        return Math.Sqrt(error / norm);
    }

    private static byte[] Encode(TensorType type, float[] values)
    {
        var encoded = new byte[type.ByteLength(values.Length)];
        fixed (float* source = values)
        fixed (byte* destination = encoded)
            BlockCodec.Encode(type, source, destination, values.Length);
        return encoded;
    }

    private static float[] RoundTrip(TensorType type, float[] values)
    {
        byte[] encoded = Encode(type, values);
        var decoded = new float[values.Length];
        fixed (byte* source = encoded)
        fixed (float* destination = decoded)
            BlockCodec.Decode(type, source, destination, values.Length);
        return decoded;
    }

    private static byte[] Bits<T>(T value) where T : unmanaged =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes<T>([value]).ToArray();
}
