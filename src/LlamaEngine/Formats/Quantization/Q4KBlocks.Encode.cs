namespace LlamaEngine.Formats.Quantization;

internal static unsafe partial class Q4KBlocks
{
    private const int SubBlocks = 8, SubBlockValues = 32, MaximumScale = 63;

    /// <summary>
    /// Encodes 256 values: finds a scale and a minimum for each sub-block, rounds these to 6 bits of the largest, then
    /// rounds the values with the scales that a reader will see.
    /// </summary>
    public static void Encode(float* values, byte* block)
    {
        float* scales = stackalloc float[SubBlocks], minima = stackalloc float[SubBlocks];
        float largestScale = 0, largestMinimum = 0;
        for (int sub = 0; sub < SubBlocks; sub++)
        {
            (scales[sub], minima[sub]) = ScaleSearch.Affine(values + SubBlockValues * sub, 15);
            largestScale = MathF.Max(largestScale, scales[sub]);
            largestMinimum = MathF.Max(largestMinimum, minima[sub]);
        }
        FloatBlocks.WriteHalf(block, largestScale / MaximumScale);
        FloatBlocks.WriteHalf(block + 2, largestMinimum / MaximumScale);
        new Span<byte>(block + 4, SuperBlock.PackedScaleBytes).Clear();
        float scaleUnit = FloatBlocks.ReadHalf(block), minimumUnit = FloatBlocks.ReadHalf(block + 2);
        for (int sub = 0; sub < SubBlocks; sub++)
            SuperBlock.PackScale(block + 4, sub, Step(scales[sub], scaleUnit), Step(minima[sub], minimumUnit));
        EncodeValues(values, block);
    }

    /// <summary>A scale as a 6-bit multiple of the unit that a reader will see.</summary>
    private static int Step(float value, float unit) =>
        unit > 0 ? (int)MathF.Min(MaximumScale, MathF.Round(value / unit)) : 0;

    private static void EncodeValues(float* values, byte* block)
    {
        float scale = FloatBlocks.ReadHalf(block), minimumScale = FloatBlocks.ReadHalf(block + 2);
        byte* packed = block + 4 + SuperBlock.PackedScaleBytes;
        for (int sub = 0; sub < SubBlocks; sub++)
        {
            (int s, int m) = SuperBlock.UnpackScale(block + 4, sub);
            float step = scale * s, minimum = minimumScale * m;
            byte* bytes = packed + SubBlockValues * (sub / 2);
            for (int j = 0; j < SubBlockValues; j++)
            {
                float value = values[SubBlockValues * sub + j];
                int q = step == 0 ? 0 : (int)Math.Clamp(MathF.Round((value + minimum) / step), 0, 15);
                bytes[j] = (byte)(sub % 2 == 0 ? q : bytes[j] | q << 4);
            }
        }
    }
}
