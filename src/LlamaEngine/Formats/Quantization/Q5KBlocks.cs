namespace LlamaEngine.Formats.Quantization;

/// <summary>
/// Q5_K: { half scale; half minimumScale; byte scales[12]; byte high[32]; byte packed[128] }. As <see cref="Q4KBlocks"/>
/// with a fifth bit: bit k of high[j] belongs to value j of sub-block k.
/// </summary>
internal static unsafe class Q5KBlocks
{
    public static void Decode(byte* block, float* values)
    {
        float scale = FloatBlocks.ReadHalf(block), minimumScale = FloatBlocks.ReadHalf(block + 2);
        byte* high = block + 4 + SuperBlock.PackedScaleBytes, packed = high + 32;
        for (int sub = 0; sub < 8; sub++)
        {
            (int s, int m) = SuperBlock.UnpackScale(block + 4, sub);
            float factor = scale * s, minimum = minimumScale * m;
            byte* bytes = packed + 32 * (sub / 2);
            int shift = 4 * (sub % 2);
            for (int j = 0; j < 32; j++)
                values[32 * sub + j] = factor * (bytes[j] >> shift & 15 | (high[j] >> sub & 1) << 4) - minimum;
        }
    }
}
