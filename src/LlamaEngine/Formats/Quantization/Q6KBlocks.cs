namespace LlamaEngine.Formats.Quantization;

/// <summary>
/// Q6_K: { byte low[128]; byte high[64]; sbyte scales[16]; half scale }. Sub-blocks of 16 values: value =
/// scale · s · (q − 32). Each half of 128 values takes 64 low and 32 high bytes; of its four groups of 32 values, groups
/// 0 and 1 have their low four bits in the low halves of the first and second 32 low bytes, groups 2 and 3 in the high
/// halves of the same; group g has its upper two bits in bit pair g of the high bytes.
/// </summary>
internal static unsafe partial class Q6KBlocks
{
    /// <summary>Where the parts of a block stand.</summary>
    public const int High = 128, Scales = 192, Scale = 208;

    public static void Decode(byte* block, float* values)
    {
        var scales = (sbyte*)(block + Scales);
        float scale = FloatBlocks.ReadHalf(block + Scale);
        for (int i = 0; i < SuperBlock.Values; i++)
        {
            int half = i / 128, group = i % 128 / 32, column = i % 32;
            int low = block[64 * half + 32 * (group % 2) + column] >> 4 * (group / 2) & 15;
            int high = block[High + 32 * half + column] >> 2 * group & 3;
            values[i] = scale * scales[i / 16] * ((low | high << 4) - 32);
        }
    }
}
