namespace LlamaEngine.Formats.Quantization;

/// <summary>
/// Blocks of 32 values in 4 bits. Byte j of the sixteen packed ones holds value j in its low half and value j + 16 in its
/// high half.
/// </summary>
internal static unsafe class FourBitBlocks
{
    /// <summary>Values in a block.</summary>
    public const int Values = 32;

    /// <summary>Q4_0: { half scale; byte packed[16] }, value = scale · (q − 8).</summary>
    public static void DecodeQ4_0(byte* block, float* values)
    {
        float scale = FloatBlocks.ReadHalf(block);
        byte* packed = block + 2;
        for (int j = 0; j < Values / 2; j++)
        {
            values[j] = ((packed[j] & 15) - 8) * scale;
            values[j + Values / 2] = ((packed[j] >> 4) - 8) * scale;
        }
    }

    /// <summary>Q4_1: { half scale; half minimum; byte packed[16] }, value = scale · q + minimum.</summary>
    public static void DecodeQ4_1(byte* block, float* values)
    {
        float scale = FloatBlocks.ReadHalf(block), minimum = FloatBlocks.ReadHalf(block + 2);
        byte* packed = block + 4;
        for (int j = 0; j < Values / 2; j++)
        {
            values[j] = (packed[j] & 15) * scale + minimum;
            values[j + Values / 2] = (packed[j] >> 4) * scale + minimum;
        }
    }

    /// <summary>Encodes 32 values as Q4_0: the value farthest from zero becomes −8 exactly, so the scale may be negative.</summary>
    public static void EncodeQ4_0(float* values, byte* block)
    {
        float scale = ScaleSearch.FarthestFromZero(values, Values) / -8;
        float inverse = scale == 0 ? 0 : 1 / scale;
        FloatBlocks.WriteHalf(block, scale);
        // Adding half a step before truncation rounds, since everything is above −8.5 steps.
        for (int j = 0; j < Values / 2; j++)
        {
            int low = Math.Min(15, (int)(values[j] * inverse + 8.5f));
            int high = Math.Min(15, (int)(values[j + Values / 2] * inverse + 8.5f));
            block[2 + j] = (byte)(low | high << 4);
        }
    }

    /// <summary>Encodes 32 values as Q4_1: sixteen even steps from the smallest to the largest.</summary>
    public static void EncodeQ4_1(float* values, byte* block)
    {
        (float minimum, float maximum) = ScaleSearch.Range(values, Values);
        float scale = (maximum - minimum) / 15;
        float inverse = scale == 0 ? 0 : 1 / scale;
        FloatBlocks.WriteHalf(block, scale);
        FloatBlocks.WriteHalf(block + 2, minimum);
        for (int j = 0; j < Values / 2; j++)
        {
            int low = Math.Min(15, (int)((values[j] - minimum) * inverse + 0.5f));
            int high = Math.Min(15, (int)((values[j + Values / 2] - minimum) * inverse + 0.5f));
            block[4 + j] = (byte)(low | high << 4);
        }
    }
}
