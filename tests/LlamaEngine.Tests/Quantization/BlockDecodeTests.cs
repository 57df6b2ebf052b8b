using LlamaEngine.Formats;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Tests.Quantization;

/// <summary>Every block format against values that the reference implementation decoded.</summary>
public unsafe class BlockDecodeTests
{
    public static TheoryData<TensorType> GoldenTypes
    {
        get
        {
            var types = new TheoryData<TensorType>();
            foreach (TensorType type in TensorTypes.All)
            {
                if (type != TensorType.F32)
                    types.Add(type);
            }
            return types;
        }
    }

    [Theory]
    [MemberData(nameof(GoldenTypes))]
    public void Blocks_decode_to_the_reference_bit_by_bit(TensorType type)
    {
        (byte[] blocks, float[] expected) = Golden(type);
        Assert.NotEmpty(expected);
        Assert.Equal(blocks.Length, type.ByteLength(expected.Length));
        AssertSameBits(expected, Decode(type, blocks, expected.Length));
    }

    [Theory]
    [MemberData(nameof(GoldenTypes))]
    public void Odd_addresses_do_not_matter(TensorType type)
    {
        (byte[] blocks, float[] expected) = Golden(type);
        byte[] shifted = [0xFF, .. blocks];
        var decoded = new float[expected.Length];
        fixed (byte* source = shifted)
        fixed (float* destination = decoded)
            BlockCodec.Decode(type, source + 1, destination, decoded.Length);
        AssertSameBits(expected, decoded);
    }

    [Theory]
    [MemberData(nameof(GoldenTypes))]
    public void Only_the_asked_values_are_written(TensorType type)
    {
        (byte[] blocks, float[] expected) = Golden(type);
        int count = 3 * type.ValuesPerBlock();
        float[] decoded = Enumerable.Repeat(12345f, count + 8).ToArray();
        fixed (byte* source = blocks)
        fixed (float* destination = decoded)
            BlockCodec.Decode(type, source, destination + 4, count);
        AssertSameBits(expected.AsSpan(0, count), decoded.AsSpan(4, count));
        Assert.All(decoded[..4].Concat(decoded[^4..]), value => Assert.Equal(12345f, value));
    }

    [Fact]
    public void Single_precision_is_copied_with_its_NaNs_and_zeros()
    {
        float[] values = [0f, -0f, float.NaN, float.Epsilon, float.MaxValue, float.NegativeInfinity, 1.5f];
        byte[] bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values).ToArray();
        AssertSameBits(values, Decode(TensorType.F32, bytes, values.Length));
    }

    [Fact]
    public void A_part_of_a_block_is_refused()
    {
        Assert.Throws<ArgumentException>(() => Decode(TensorType.Q4_0, new byte[18], 31));
        Assert.Throws<ArgumentException>(() => Decode(TensorType.Q6_K, new byte[210], 128));
        Assert.Throws<ArgumentException>(() => Decode(TensorType.F16, new byte[2], -1));
    }

    [Fact]
    public void An_unknown_type_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Decode((TensorType)99, new byte[512], 256));

    private static (byte[] Blocks, float[] Values) Golden(TensorType type)
    {
        byte[] values = File.ReadAllBytes(SharedData.Own("quants", "blocks", $"{type}.f32.bin"));
        return (File.ReadAllBytes(SharedData.Own("quants", "blocks", $"{type}.blocks.bin")),
            System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(values).ToArray());
    }

    private static float[] Decode(TensorType type, byte[] blocks, int values)
    {
        var decoded = new float[Math.Max(values, 1)];
        fixed (byte* source = blocks)
        fixed (float* destination = decoded)
            BlockCodec.Decode(type, source, destination, values);
        return decoded;
    }

    private static void AssertSameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
                Assert.Fail($"value {i}: expected {expected[i]:R}, but was {actual[i]:R}");
        }
    }
}
