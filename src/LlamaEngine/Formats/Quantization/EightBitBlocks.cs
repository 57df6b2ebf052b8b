namespace LlamaEngine.Formats.Quantization;

/// <summary>Blocks of 32 signed bytes with one scale.</summary>
internal static unsafe class EightBitBlocks
{
    private const int Values = 32;

    /// <summary>Q8_0: { half scale; sbyte q[32] }, value = scale · q.</summary>
    public static void DecodeQ8_0(byte* block, float* values)
    {
        float scale = FloatBlocks.ReadHalf(block);
        var quants = (sbyte*)(block + 2);
        for (int j = 0; j < Values; j++)
            values[j] = quants[j] * scale;
    }

    /// <summary>Encodes 32 values as Q8_0: the largest magnitude becomes ±127.</summary>
    public static void EncodeQ8_0(float* values, byte* block)
    {
        float scale = MathF.Abs(ScaleSearch.FarthestFromZero(values, Values)) / 127;
        float inverse = scale == 0 ? 0 : 1 / scale;
        FloatBlocks.WriteHalf(block, scale);
        var quants = (sbyte*)(block + 2);
        for (int j = 0; j < Values; j++)
            quants[j] = (sbyte)MathF.Round(values[j] * inverse, MidpointRounding.AwayFromZero);
    }
}
