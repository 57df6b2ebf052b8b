using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LlamaEngine.Backends.Cpu.Simd;

/// <summary>Half precision to single and back, by integer arithmetic: exact for every finite half, infinity and NaN included.</summary>
/// <remarks>
/// A half's bits moved up by 13 are a float whose exponent is 112 too small, so multiplying by 2^112 is the conversion
/// (subnormals too, since a float has room for them). Halves of 65536 and more are infinity and NaN, which keep an exponent of all ones.
/// </remarks>
internal static class HalfPrecision
{
    /// <summary>What <see cref="WidenTiny(Vector128{ushort})"/> leaves to be multiplied with: 2^112.</summary>
    public const float Rebias = 5.192296858534828e33f;

    /// <summary>Eight finite halves × 2^-112, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> WidenTiny(Vector128<ushort> halves) => Tiny(Vector256.WidenLower(halves.AsInt16().ToVector256Unsafe()));

    /// <summary>Sixteen finite halves × 2^-112, exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> WidenTiny(Vector256<ushort> halves) => Tiny(Vector512.WidenLower(halves.AsInt16().ToVector512Unsafe()));

    /// <summary>Eight halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Widen(Vector128<ushort> halves)
    {
        Vector256<int> wide = Vector256.WidenLower(halves.AsInt16().ToVector256Unsafe());
        Vector256<float> value = Tiny(wide) * Vector256.Create(Rebias);
        Vector256<int> special = Vector256.GreaterThan(wide & Vector256.Create(0x7FFF), Vector256.Create(0x7BFF));
        return (value.AsInt32() | (special & Vector256.Create(0x7F800000))).AsSingle();
    }

    /// <summary>Sixteen halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Widen(Vector256<ushort> halves)
    {
        Vector512<int> wide = Vector512.WidenLower(halves.AsInt16().ToVector512Unsafe());
        Vector512<float> value = Tiny(wide) * Vector512.Create(Rebias);
        Vector512<int> special = Vector512.GreaterThan(wide & Vector512.Create(0x7FFF), Vector512.Create(0x7BFF));
        return (value.AsInt32() | (special & Vector512.Create(0x7F800000))).AsSingle();
    }

    /// <summary>Eight halves, four in each half of the result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<float> Lower, Vector128<float> Upper) WidenHalves(Vector128<ushort> halves)
    {
        (Vector128<int> lower, Vector128<int> upper) = Vector128.Widen(halves.AsInt16());
        return (Widen(lower), Widen(upper));
    }

    /// <summary>Eight numbers to halves, rounded to the nearest, to even in the middle; too large ones become infinity.</summary>
    /// <remarks>
    /// Normal halves: the bits that go are rounded by adding just under half of what they are worth, plus one if that keeps the
    /// result even. Subnormal halves: added to 0.5, whose last place is a half's smallest unit, the float unit rounds.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<ushort> Narrow(Vector256<float> values)
    {
        Vector256<int> bits = values.AsInt32(), magnitude = bits & Vector256.Create(0x7FFFFFFF);
        Vector256<int> sign = (bits >>> 16) & Vector256.Create(0x8000);
        Vector256<int> normal = ((magnitude + Vector256.Create(0xFFF) + ((magnitude >>> 13) & Vector256<int>.One)) >>> 13) - Vector256.Create(112 << 10);
        Vector256<int> small = (magnitude.AsSingle() + Vector256.Create(0.5f)).AsInt32() - Vector256.Create(0x3F000000);
        Vector256<int> half = Vector256.ConditionalSelect(Vector256.LessThan(magnitude, Vector256.Create(0x38800000)), small, normal);
        half = Vector256.ConditionalSelect(Vector256.GreaterThan(magnitude, Vector256.Create(0x477FEFFF)), Vector256.Create(0x7C00), half);
        half = Vector256.ConditionalSelect(Vector256.GreaterThan(magnitude, Vector256.Create(0x7F800000)), Vector256.Create(0x7E00), half) | sign;
        return Vector128.Narrow(half.GetLower().AsUInt32(), half.GetUpper().AsUInt32());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Tiny(Vector256<int> wide) => ((wide << 13) & Vector256.Create(unchecked((int)0x8FFFE000))).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Tiny(Vector512<int> wide) => ((wide << 13) & Vector512.Create(unchecked((int)0x8FFFE000))).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widen(Vector128<int> wide)
    {
        Vector128<float> tiny = ((wide << 13) & Vector128.Create(unchecked((int)0x8FFFE000))).AsSingle();
        Vector128<float> value = tiny * Vector128.Create(Rebias);
        Vector128<int> special = Vector128.GreaterThan(wide & Vector128.Create(0x7FFF), Vector128.Create(0x7BFF));
        return (value.AsInt32() | (special & Vector128.Create(0x7F800000))).AsSingle();
    }
}
