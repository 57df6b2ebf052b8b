using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>How a weight that is not quantized is stored.</summary>
internal unsafe interface IFloatElement
{
    /// <summary>Bytes of one value.</summary>
    static abstract int Bytes { get; }

    /// <summary>Reads 16 values as float32.</summary>
    static abstract TLanes Load<TLanes>(byte* source) where TLanes : struct, ILanes<TLanes>;
}

/// <summary>float32.</summary>
internal readonly unsafe struct SingleElement : IFloatElement
{
    public static int Bytes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source) where TLanes : struct, ILanes<TLanes> => TLanes.Load((float*)source);
}

/// <summary>Half precision.</summary>
internal readonly unsafe struct HalfElement : IFloatElement
{
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source) where TLanes : struct, ILanes<TLanes> => TLanes.LoadHalf((ushort*)source);
}

/// <summary>Half precision without infinities and what is not a number, which takes half as many instructions; see <see cref="PackedFloatWeight.IsFinite"/>.</summary>
internal readonly unsafe struct FiniteHalfElement : IFloatElement
{
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source) where TLanes : struct, ILanes<TLanes> =>
        TLanes.LoadTinyHalf((ushort*)source) * TLanes.Broadcast(HalfPrecision.Rebias);
}

/// <summary>Half precision, finite, and read as its value × 2^-112, which saves most of the reading; see <see cref="PackedFloatWeight.IsFinite"/>.</summary>
internal readonly unsafe struct TinyHalfElement : IFloatElement
{
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source) where TLanes : struct, ILanes<TLanes> => TLanes.LoadTinyHalf((ushort*)source);
}

/// <summary>bfloat16.</summary>
internal readonly unsafe struct BFloat16Element : IFloatElement
{
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* source) where TLanes : struct, ILanes<TLanes> => TLanes.LoadBFloat16((ushort*)source);
}
