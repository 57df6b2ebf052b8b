using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Rounds keys and values to the cache's number format, a group of 32 at a time.</summary>
internal static unsafe class KvEncoder<TLanes> where TLanes : struct, ILanes<TLanes>
{
    private const int Width = Partial<TLanes>.Width;

    /// <summary>Encodes 1 … 32 values; the rest of the group is 0.</summary>
    /// <param name="type">Number format.</param>
    /// <param name="source">The values.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="destination">Room for 32 numbers.</param>
    /// <returns>The scale in half precision; 0 where the type has none.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static ushort Encode(KvType type, float* source, int count, byte* destination)
    {
        TLanes a = Load(source, count), b = Load(source + Width, count - Width);
        switch (type)
        {
            case KvType.F32:
                a.Store((float*)destination);
                b.Store((float*)destination + Width);
                return 0;
            case KvType.F16:
                a.StoreHalf((ushort*)destination);
                b.StoreHalf((ushort*)destination + Width);
                return 0;
            case KvType.BF16:
                a.StoreBFloat16((ushort*)destination);
                b.StoreBFloat16((ushort*)destination + Width);
                return 0;
            default:
                return EncodeBytes(a, b, (sbyte*)destination);
        }
    }

    private static ushort EncodeBytes(TLanes a, TLanes b, sbyte* destination)
    {
        float scale = TLanes.Max(TLanes.Abs(a), TLanes.Abs(b)).Largest() / sbyte.MaxValue;
        ushort half = BitConverter.HalfToUInt16Bits((Half)scale);
        // A scale too small for half precision makes zeros of all numbers, and its inverse might not be finite.
        TLanes inverse = TLanes.Broadcast(half == 0 ? 0 : 1 / scale);
        short* rounded = stackalloc short[KvLayout.GroupSize];
        (a * inverse).StoreRounded(rounded);
        (b * inverse).StoreRounded(rounded + Width);
        for (int i = 0; i < KvLayout.GroupSize; i += Vector128<sbyte>.Count)
            Vector128.Narrow(Vector128.Load(rounded + i), Vector128.Load(rounded + i + Vector128<short>.Count)).Store(destination + i);
        return half;
    }

    private static TLanes Load(float* source, int count)
    {
        if (count >= Width)
            return TLanes.Load(source);
        return count > 0 ? Partial<TLanes>.Load(source, count) : TLanes.Zero;
    }
}
