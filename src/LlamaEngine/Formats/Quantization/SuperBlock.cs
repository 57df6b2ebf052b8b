namespace LlamaEngine.Formats.Quantization;

/// <summary>What the K formats share: super-blocks of 256 values whose sub-blocks have small integer scales.</summary>
internal static unsafe class SuperBlock
{
    /// <summary>Values in a super-block.</summary>
    public const int Values = 256;

    /// <summary>Bytes of the eight packed 6-bit scales and minima of Q4_K and Q5_K.</summary>
    public const int PackedScaleBytes = 12;

    /// <summary>
    /// Reads the 6-bit scale and minimum of sub-block <paramref name="j"/> (0 … 7). Bytes 0-3 hold scales 0-3 and bytes 4-7
    /// minima 0-3 in their low six bits; bytes 8-11 hold the low four bits of scales (low half) and minima (high half) 4-7,
    /// whose upper two bits are the upper two bits of bytes 0-3 and 4-7.
    /// </summary>
    public static (int Scale, int Minimum) UnpackScale(byte* packed, int j)
    {
        if (j < 4)
            return (packed[j] & 63, packed[j + 4] & 63);
        return (packed[j + 4] & 15 | packed[j - 4] >> 6 << 4, packed[j + 4] >> 4 | packed[j] >> 6 << 4);
    }

    /// <summary>Writes what <see cref="UnpackScale"/> reads; sub-blocks must be written in order, over zeroed bytes.</summary>
    public static void PackScale(byte* packed, int j, int scale, int minimum)
    {
        if (j < 4)
        {
            packed[j] = (byte)scale;
            packed[j + 4] = (byte)minimum;
            return;
        }
        packed[j + 4] = (byte)(scale & 15 | (minimum & 15) << 4);
        packed[j - 4] |= (byte)(scale >> 4 << 6);
        packed[j] |= (byte)(minimum >> 4 << 6);
    }
}
