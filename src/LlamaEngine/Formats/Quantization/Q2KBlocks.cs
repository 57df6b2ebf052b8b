namespace LlamaEngine.Formats.Quantization;

/// <summary>
/// Q2_K: { byte scales[16]; byte packed[64]; half scale; half minimumScale }. Sub-block i of 16 values has a 4-bit scale
/// (low half of scales[i]) and a 4-bit minimum (high half): value = scale · s · q − minimumScale · m.
/// Each half of 128 values takes 32 bytes; four groups of 32 values lie in bit pairs 0-1, 2-3, 4-5, 6-7 of these.
/// </summary>
internal static unsafe class Q2KBlocks
{
    public static void Decode(byte* block, float* values)
    {
        byte* scales = block, packed = block + 16;
        float scale = FloatBlocks.ReadHalf(block + 80), minimumScale = FloatBlocks.ReadHalf(block + 82);
        for (int i = 0; i < SuperBlock.Values; i++)
        {
            int half = i / 128, group = i % 128 / 32;
            int q = packed[half * 32 + i % 32] >> 2 * group & 3;
            byte sub = scales[i / 16];
            values[i] = scale * (sub & 15) * q - minimumScale * (sub >> 4);
        }
    }
}
