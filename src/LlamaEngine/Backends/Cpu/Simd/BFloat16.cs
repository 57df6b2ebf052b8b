using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>Single precision to bfloat16, its upper half: rounded to the nearest, to even in the middle.</summary>
/// <remarks>
/// Adding just under half of what the lower half is worth, plus one if that keeps the result even, carries into the upper half;
/// beyond the largest number it carries into infinity. NaN must not be rounded: it stays NaN by a bit of its own.
/// </remarks>
internal static class BFloat16
{
    /// <summary>One number.</summary>
    public static ushort Narrow(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((float.IsNaN(value) ? bits | 0x400000 : bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>Eight numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Narrow(Vector256<float> values)
    {
        Vector256<uint> bits = values.AsUInt32();
        Vector256<uint> rounded = bits + Vector256.Create(0x7FFFu) + ((bits >>> 16) & Vector256<uint>.One);
        Vector256<uint> whole = Vector256.ConditionalSelect(Vector256.Equals(values, values).AsUInt32(), rounded, bits | Vector256.Create(0x400000u)) >>> 16;
        return Vector128.Narrow(whole.GetLower(), whole.GetUpper());
    }
}
