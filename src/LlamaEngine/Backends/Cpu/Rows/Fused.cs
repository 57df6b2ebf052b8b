using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LlamaEngine.Backends.Cpu.Packing;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Rows;

/// <summary>What the fused formats are made of. Vectors hold a 32-bit word of each of eight weight rows.</summary>
internal static unsafe class Fused
{
    /// <summary>Weight rows in a vector.</summary>
    public const int Rows = 8;

    /// <summary>Bytes from one 32-bit word of a unit's rows to the next.</summary>
    public const int WordBytes = PackedLayout.Rows * sizeof(int);

    /// <summary>Low four bits of every byte.</summary>
    public static Vector256<byte> LowNibbles
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector256.Create((byte)15);
    }

    /// <summary>Half-precision word <paramref name="index"/> of a unit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Half(byte* unit, int index, int row) =>
        HalfPrecision.Widen(Vector128.Load((ushort*)unit + PackedLayout.Rows * index + row));

    /// <summary>The 32-bit words of rows <paramref name="row"/> … behind <paramref name="halves"/> 16-bit words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Words(byte* unit, int halves, int row) => unit + PackedLayout.Rows * sizeof(ushort) * halves + sizeof(int) * row;

    /// <summary>A word of activations for every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(byte* word) => Vector256.Create(*(int*)word);

    /// <summary>A scale or correction of activations for every row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> BroadcastFloat(byte* word) => Vector256.Create(*(float*)word);

    /// <summary>Products of unsigned and signed bytes, as sums of pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> MultiplyBytes(Vector256<byte> codes, byte* word) =>
        Avx2.MultiplyAddAdjacent(codes, Broadcast(word).AsSByte());

    /// <summary>Products of 16-bit numbers, as sums of pairs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyWords(Vector256<short> codes, byte* word) =>
        Avx2.MultiplyAddAdjacent(codes, Broadcast(word).AsInt16());

    /// <summary>The high four bits of every byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> HighNibbles(Vector256<byte> codes) => (codes.AsUInt16() >>> 4).AsByte() & LowNibbles;

    /// <summary>Sums of neighbours.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Pairs(Vector256<short> sums) => Avx2.MultiplyAddAdjacent(sums, Vector256<short>.One);

    /// <summary>sum + integers × scale × the activations' scale at <paramref name="factor"/>, in the order of <see cref="Kernels.ITile"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<int> integers, Vector256<float> scale, byte* factor, Vector256<float> sum) =>
        Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(integers) * scale, BroadcastFloat(factor), sum);
}
