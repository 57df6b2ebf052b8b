using System.Runtime.CompilerServices;

namespace LlamaEngine.Formats.Quantization;

/// <summary>
/// Blocks of 32 values in 5 bits: the low four packed as in <see cref="FourBitBlocks"/>, bit j of a 32-bit word being the
/// fifth bit of value j.
/// </summary>
internal static unsafe class FiveBitBlocks
{
    private const int Values = 32;

    /// <summary>Q5_0: { half scale; uint high; byte packed[16] }, value = scale · (q − 16).</summary>
    public static void DecodeQ5_0(byte* block, float* values)
    {
        float scale = FloatBlocks.ReadHalf(block);
        uint high = Unsafe.ReadUnaligned<uint>(block + 2);
        for (int j = 0; j < Values; j++)
            values[j] = (Unpack(block + 6, high, j) - 16) * scale;
    }

    /// <summary>Q5_1: { half scale; half minimum; uint high; byte packed[16] }, value = scale · q + minimum.</summary>
    public static void DecodeQ5_1(byte* block, float* values)
    {
        float scale = FloatBlocks.ReadHalf(block), minimum = FloatBlocks.ReadHalf(block + 2);
        uint high = Unsafe.ReadUnaligned<uint>(block + 4);
        for (int j = 0; j < Values; j++)
            values[j] = Unpack(block + 8, high, j) * scale + minimum;
    }

    private static int Unpack(byte* packed, uint high, int j)
    {
        int low = j < Values / 2 ? packed[j] & 15 : packed[j - Values / 2] >> 4;
        return low | (int)(high >> j & 1) << 4;
    }

    /// <summary>Encodes 32 values as Q5_0: the value farthest from zero becomes −16 exactly.</summary>
    public static void EncodeQ5_0(float* values, byte* block)
    {
        float scale = ScaleSearch.FarthestFromZero(values, Values) / -16;
        float inverse = scale == 0 ? 0 : 1 / scale;
        FloatBlocks.WriteHalf(block, scale);
        uint high = 0;
        byte* packed = block + 6;
        for (int j = 0; j < Values; j++)
        {
            uint q = Math.Min(31, (uint)(int)(values[j] * inverse + 16.5f));
            high |= q >> 4 << j;
            packed[j % 16] = (byte)(j < 16 ? q & 15 : packed[j % 16] | q << 4);
        }
        Unsafe.WriteUnaligned(block + 2, high);
    }
}
