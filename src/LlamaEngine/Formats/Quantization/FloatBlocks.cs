using System.Runtime.CompilerServices;

namespace LlamaEngine.Formats.Quantization;

/// <summary>The float formats: one value is one block.</summary>
internal static unsafe class FloatBlocks
{
    /// <summary>Reads a half at any address, exactly: subnormals and zeros keep their sign.</summary>
    public static float ReadHalf(byte* source) => (float)Unsafe.ReadUnaligned<Half>(source);

    /// <summary>Writes a value as a half at any address, rounded to nearest, ties to even.</summary>
    /// <exception cref="ArgumentException">The value is too large for a half.</exception>
    public static void WriteHalf(byte* destination, float value)
    {
        var half = (Half)value;
        if (!Half.IsFinite(half))
            throw new ArgumentException($"{value} is too large for half precision (65504).", nameof(value));
        Unsafe.WriteUnaligned(destination, half);
    }

    public static void DecodeF32(byte* source, float* destination, long values) =>
        Buffer.MemoryCopy(source, destination, values * sizeof(float), values * sizeof(float));

    public static void DecodeF16(byte* source, float* destination, long values)
    {
        for (long i = 0; i < values; i++)
            destination[i] = ReadHalf(source + 2 * i);
    }

    /// <summary>bfloat16 is the upper half of a float32.</summary>
    public static void DecodeBF16(byte* source, float* destination, long values)
    {
        for (long i = 0; i < values; i++)
            destination[i] = BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(source + 2 * i) << 16);
    }

    public static void EncodeF32(float* source, byte* destination, long values) =>
        Buffer.MemoryCopy(source, destination, values * sizeof(float), values * sizeof(float));

    public static void EncodeF16(float* source, byte* destination, long values)
    {
        for (long i = 0; i < values; i++)
            WriteHalf(destination + 2 * i, source[i]);
    }

    public static void EncodeBF16(float* source, byte* destination, long values)
    {
        for (long i = 0; i < values; i++)
            Unsafe.WriteUnaligned(destination + 2 * i, RoundToBFloat16(source[i]));
    }

    /// <summary>The upper half of the float nearest to a finite value, ties to even.</summary>
    private static ushort RoundToBFloat16(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint rounded = bits + 0x7FFF + (bits >> 16 & 1) >> 16;
        if ((rounded & 0x7F80) == 0x7F80)
            throw new ArgumentException($"{value} is too large for bfloat16.", nameof(value));
        return (ushort)rounded;
    }
}
