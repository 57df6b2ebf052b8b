using System.Runtime.CompilerServices;

namespace LlamaEngine.Formats.Quantization;

/// <summary>Formats whose 4 bits are an index into a fixed, non-uniform table of levels.</summary>
internal static unsafe class TableBlocks
{
    /// <summary>The sixteen levels, closer together around zero.</summary>
    public static ReadOnlySpan<sbyte> Levels => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>IQ4_NL: { half scale; byte packed[16] }, packed as in <see cref="FourBitBlocks"/>, value = scale · level.</summary>
    public static void DecodeIQ4_NL(byte* block, float* values) =>
        DecodeGroup(block + 2, FloatBlocks.ReadHalf(block), values);

    /// <summary>
    /// IQ4_XS: { half scale; ushort scalesHigh; byte scalesLow[4]; byte packed[128] }. Eight sub-blocks of 32 values with
    /// 6-bit scales (low four bits packed two a byte, upper two bits in scalesHigh): value = scale · (s − 32) · level.
    /// </summary>
    public static void DecodeIQ4_XS(byte* block, float* values)
    {
        float scale = FloatBlocks.ReadHalf(block);
        int scalesHigh = Unsafe.ReadUnaligned<ushort>(block + 2);
        for (int sub = 0; sub < 8; sub++)
        {
            int s = block[4 + sub / 2] >> 4 * (sub % 2) & 15 | (scalesHigh >> 2 * sub & 3) << 4;
            DecodeGroup(block + 8 + 16 * sub, scale * (s - 32), values + 32 * sub);
        }
    }

    private static void DecodeGroup(byte* packed, float scale, float* values)
    {
        ReadOnlySpan<sbyte> levels = Levels;
        for (int j = 0; j < 16; j++)
        {
            values[j] = scale * levels[packed[j] & 15];
            values[j + 16] = scale * levels[packed[j] >> 4];
        }
    }
}
