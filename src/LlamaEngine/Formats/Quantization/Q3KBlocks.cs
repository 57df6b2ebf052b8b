namespace LlamaEngine.Formats.Quantization;

/// <summary>
/// Q3_K: { byte high[32]; byte packed[64]; byte scales[12]; half scale }. Value = scale · (s − 32) · (q − 4). The low two
/// bits of q are packed as in <see cref="Q2KBlocks"/>; its third bit is bit (i / 32) of high[i mod 32].
/// </summary>
internal static unsafe class Q3KBlocks
{
    public static void Decode(byte* block, float* values)
    {
        byte* high = block, packed = block + 32, scales = block + 96;
        float scale = FloatBlocks.ReadHalf(block + 108);
        for (int i = 0; i < SuperBlock.Values; i++)
        {
            int half = i / 128, group = i % 128 / 32, column = i % 32;
            int low = packed[half * 32 + column] >> 2 * group & 3;
            int q = low | (high[column] >> i / 32 & 1) << 2;
            values[i] = scale * (UnpackScale(scales, i / 16) - 32) * (q - 4);
        }
    }

    /// <summary>
    /// The 6-bit scale of sub-block <paramref name="j"/> (0 … 15): its low four bits stand in the low (j below 8) or high half
    /// of byte j mod 8, its upper two in bit pair j / 4 of byte 8 + j mod 4.
    /// </summary>
    private static int UnpackScale(byte* scales, int j)
    {
        int low = j < 8 ? scales[j] & 15 : scales[j - 8] >> 4;
        return low | (scales[8 + j % 4] >> 2 * (j / 4) & 3) << 4;
    }
}
