namespace LlamaEngine.Formats.Quantization;

/// <summary>
/// Q4_K: { half scale; half minimumScale; byte scales[12]; byte packed[128] }. Eight sub-blocks of 32 values, each with a
/// 6-bit scale and minimum: value = scale · s · q − minimumScale · m. Sub-blocks 2k and 2k + 1 share 32 bytes, the even one
/// in their low halves.
/// </summary>
internal static unsafe partial class Q4KBlocks
{
    public static void Decode(byte* block, float* values)
    {
        float scale = FloatBlocks.ReadHalf(block), minimumScale = FloatBlocks.ReadHalf(block + 2);
        byte* packed = block + 4 + SuperBlock.PackedScaleBytes;
        for (int sub = 0; sub < 8; sub++)
        {
            (int s, int m) = SuperBlock.UnpackScale(block + 4, sub);
            float factor = scale * s, minimum = minimumScale * m;
            byte* bytes = packed + 32 * (sub / 2);
            int shift = 4 * (sub % 2);
            for (int j = 0; j < 32; j++)
                values[32 * sub + j] = factor * (bytes[j] >> shift & 15) - minimum;
        }
    }
}
