namespace LlamaEngine.Formats.Quantization;

internal static unsafe partial class Q6KBlocks
{
    private const int SubBlocks = 16, SubBlockValues = 16;

    /// <summary>
    /// Encodes 256 values: finds a signed scale for each sub-block, rounds these to 8 bits so that the one farthest from
    /// zero becomes −128, then rounds the values with the scales that a reader will see.
    /// </summary>
    public static void Encode(float* values, byte* block)
    {
        float* scales = stackalloc float[SubBlocks];
        for (int sub = 0; sub < SubBlocks; sub++)
            scales[sub] = ScaleSearch.Symmetric(values + SubBlockValues * sub, 32);
        FloatBlocks.WriteHalf(block + Scale, ScaleSearch.FarthestFromZero(scales, SubBlocks) / -128);
        float unit = FloatBlocks.ReadHalf(block + Scale);
        for (int sub = 0; sub < SubBlocks; sub++)
            ((sbyte*)(block + Scales))[sub] = unit == 0 ? (sbyte)0 : (sbyte)Math.Clamp(MathF.Round(scales[sub] / unit), -128, 127);
        EncodeValues(values, block);
    }

    private static void EncodeValues(float* values, byte* block)
    {
        new Span<byte>(block, Scales).Clear();
        float unit = FloatBlocks.ReadHalf(block + Scale);
        var scales = (sbyte*)(block + Scales);
        for (int i = 0; i < SuperBlock.Values; i++)
        {
            float step = unit * scales[i / SubBlockValues];
            int q = step == 0 ? 32 : (int)Math.Clamp(MathF.Round(values[i] / step), -32, 31) + 32;
            int half = i / 128, group = i % 128 / 32, column = i % 32;
            block[64 * half + 32 * (group % 2) + column] |= (byte)((q & 15) << 4 * (group / 2));
            block[High + 32 * half + column] |= (byte)(q >> 4 << 2 * group);
        }
    }
}
