using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Packing;

namespace LlamaEngine.Backends.Cpu.Rows;

/// <summary>Q4_0: see <see cref="PackedQ4_0"/>.</summary>
internal readonly unsafe struct FusedQ4_0 : IFusedFormat
{
    public static int UnitBytes => PackedQ4_0.UnitBytes;

    public static int ActivationBytes => Step<Narrow>.ActivationBytes(1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(byte* unit, int row, byte* activations, Vector256<float> sum)
    {
        byte* factor = activations + 4 * Narrow.Groups;
        Vector256<int> integers = FusedNibbles.Multiply(Fused.Words(unit, 1, row), activations) + Fused.Broadcast(factor + 4);
        return Fused.Add(integers, Fused.Half(unit, 0, row), factor, sum);
    }
}

/// <summary>Q4_1: see <see cref="PackedQ4_1"/>.</summary>
internal readonly unsafe struct FusedQ4_1 : IFusedFormat
{
    public static int UnitBytes => PackedQ4_1.UnitBytes;

    public static int ActivationBytes => Step<NarrowWithMinimum>.ActivationBytes(1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(byte* unit, int row, byte* activations, Vector256<float> sum)
    {
        byte* factor = activations + 4 * NarrowWithMinimum.Groups;
        sum = Fused.Add(FusedNibbles.Multiply(Fused.Words(unit, 2, row), activations), Fused.Half(unit, 0, row), factor, sum);
        return Vector256.FusedMultiplyAdd(Fused.Half(unit, 1, row), Fused.BroadcastFloat(factor + 4), sum);
    }
}

/// <summary>What Q4_0 and Q4_1 share.</summary>
internal static unsafe class FusedNibbles
{
    /// <summary>A step's integers: values 0 to 15 stand in the low halves of the bytes, 16 to 31 in the high halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Multiply(byte* words, byte* activations) => Fused.Pairs(
        MultiplyWord(words, activations) + MultiplyWord(words + Fused.WordBytes, activations + 4)
        + MultiplyWord(words + 2 * Fused.WordBytes, activations + 8) + MultiplyWord(words + 3 * Fused.WordBytes, activations + 12));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> MultiplyWord(byte* words, byte* activations)
    {
        Vector256<byte> codes = Vector256.Load(words);
        return Fused.MultiplyBytes(codes & Fused.LowNibbles, activations) + Fused.MultiplyBytes(Fused.HighNibbles(codes), activations + 16);
    }
}

/// <summary>Q8_0: see <see cref="PackedQ8_0"/>.</summary>
internal readonly unsafe struct FusedQ8_0 : IFusedFormat
{
    public static int UnitBytes => PackedQ8_0.UnitBytes;

    public static int ActivationBytes => Step<Wide>.ActivationBytes(1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(byte* unit, int row, byte* activations, Vector256<float> sum)
    {
        byte* words = Fused.Words(unit, 1, row);
        Vector256<int> integers = MultiplyWord(words, activations) + MultiplyWord(words + Fused.WordBytes, activations + 8)
            + MultiplyWord(words + 2 * Fused.WordBytes, activations + 16) + MultiplyWord(words + 3 * Fused.WordBytes, activations + 24)
            + MultiplyWord(words + 4 * Fused.WordBytes, activations + 32) + MultiplyWord(words + 5 * Fused.WordBytes, activations + 40)
            + MultiplyWord(words + 6 * Fused.WordBytes, activations + 48) + MultiplyWord(words + 7 * Fused.WordBytes, activations + 56);
        return Fused.Add(integers, Fused.Half(unit, 0, row), activations + 4 * Wide.Groups, sum);
    }

    /// <summary>Four values a row: bytes 0 and 2, then 1 and 3, as 16-bit numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> MultiplyWord(byte* words, byte* activations)
    {
        Vector256<short> codes = Vector256.Load((short*)words);
        return Fused.MultiplyWords(codes << 8 >> 8, activations) + Fused.MultiplyWords(codes >> 8, activations + 4);
    }
}
