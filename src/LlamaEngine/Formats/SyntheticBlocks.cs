using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Formats;

/// <summary>Makes random blocks of any type whose values have mean 0 and a given deviation.</summary>
internal static unsafe class SyntheticBlocks
{
    /// <summary>Where a format keeps its scale and minimum, and what the minimum must be, in scales, for a mean of zero.</summary>
    private readonly record struct Layout(int Scale, int Minimum = -1, float MinimumRatio = 0);

    /// <summary>Fills memory with whole blocks; the same seed gives the same blocks.</summary>
    public static void Fill(TensorType type, Span<byte> blocks, float deviation, int seed)
    {
        var random = new Random(seed);
        if (type.IsQuantized())
            FillQuantized(type, blocks, deviation, random);
        else
            FillFloats(type, blocks, deviation, random);
    }

    private static void FillFloats(TensorType type, Span<byte> values, float deviation, Random random)
    {
        int size = type.BytesPerBlock();
        fixed (byte* start = values)
        {
            for (byte* value = start; value < start + values.Length; value += size)
            {
                float normal = (float)(deviation * Normal(random));
                BlockCodec.Encode(type, &normal, value, 1);
            }
        }
    }

    /// <summary>
    /// Random bits are valid quants. With scales of one they have some deviation, which is measured and divided out.
    /// </summary>
    private static void FillQuantized(TensorType type, Span<byte> blocks, float deviation, Random random)
    {
        Layout layout = LayoutOf(type);
        int size = type.BytesPerBlock();
        random.NextBytes(blocks);
        fixed (byte* start = blocks)
        {
            for (byte* block = start; block < start + blocks.Length; block += size)
            {
                BalanceMinima(type, block, random);
                WriteScale(block, layout, 1);
            }
            float scale = deviation / Deviation(type, start, blocks.Length / size);
            for (byte* block = start; block < start + blocks.Length; block += size)
                WriteScale(block, layout, scale * (0.75f + 0.5f * random.NextSingle()));
        }
    }

    private static Layout LayoutOf(TensorType type) => type switch
    {
        TensorType.Q4_0 or TensorType.Q5_0 or TensorType.Q8_0 or TensorType.IQ4_NL or TensorType.IQ4_XS => new Layout(0),
        TensorType.Q4_1 => new Layout(0, 2, -7.5f),
        TensorType.Q5_1 => new Layout(0, 2, -15.5f),
        TensorType.Q2_K => new Layout(80, 82, 1.5f),
        TensorType.Q3_K => new Layout(108),
        TensorType.Q4_K => new Layout(0, 2, 7.5f),
        TensorType.Q5_K => new Layout(0, 2, 15.5f),
        TensorType.Q6_K => new Layout(Q6KBlocks.Scale),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a block format."),
    };

    private static void WriteScale(byte* block, Layout layout, float scale)
    {
        FloatBlocks.WriteHalf(block + layout.Scale, scale);
        if (layout.Minimum >= 0)
            FloatBlocks.WriteHalf(block + layout.Minimum, scale * layout.MinimumRatio);
    }

    /// <summary>Gives each sub-block of the K formats with minima a minimum equal to its scale, in the upper half of the range.</summary>
    private static void BalanceMinima(TensorType type, byte* block, Random random)
    {
        if (type == TensorType.Q2_K)
        {
            for (int sub = 0; sub < 16; sub++)
                block[sub] = (byte)(random.Next(8, 16) * 0x11);
        }
        else if (type is TensorType.Q4_K or TensorType.Q5_K)
        {
            new Span<byte>(block + 4, SuperBlock.PackedScaleBytes).Clear();
            for (int sub = 0; sub < 8; sub++)
            {
                int scale = random.Next(32, 64);
                SuperBlock.PackScale(block + 4, sub, scale, scale);
            }
        }
    }

    private static float Deviation(TensorType type, byte* blocks, int count)
    {
        float* values = stackalloc float[SuperBlock.Values];
        int blockValues = type.ValuesPerBlock(), blockBytes = type.BytesPerBlock();
        double squares = 0;
        for (int i = 0; i < count; i++)
        {
            BlockCodec.Decode(type, blocks + (long)i * blockBytes, values, blockValues);
            for (int j = 0; j < blockValues; j++)
                squares += (double)values[j] * values[j];
        }
        return (float)Math.Sqrt(squares / ((double)count * blockValues));
    }

    /// <summary>A normally distributed number (Box and Muller 1958).</summary>
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
