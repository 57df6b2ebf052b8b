using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>What the formats' unpacking is made of: one 32-bit word of 8 or 16 rows at a time.</summary>
internal static unsafe class Expander<TWords, TShape>
    where TWords : struct, IWords<TWords>
    where TShape : struct, IStepShape
{
    /// <summary>Low four bits of every byte.</summary>
    public static TWords LowNibbles => TWords.Create(0x0F0F0F0F);

    /// <summary>16-bit word <paramref name="index"/> of a unit, as half-precision numbers of rows <paramref name="row"/> …</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TWords Half(byte* unit, int index, int row) => TWords.LoadHalf((ushort*)unit + PackedLayout.Rows * index + row);

    /// <summary>32-bit word <paramref name="index"/> behind <paramref name="halves"/> 16-bit words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TWords Word(byte* unit, int halves, int index, int row) =>
        TWords.Load((int*)(unit + PackedLayout.Rows * 2 * halves) + PackedLayout.Rows * index + row);

    /// <summary>Writes word <paramref name="word"/> of a step's codes, four a row; in wide steps as two pairs of 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreCodes(byte* step, int word, int row, TWords codes)
    {
        int* destination = (int*)step + row;
        if (!TShape.IsWide)
        {
            codes.Store(destination + PackedLayout.Rows * word);
            return;
        }
        TWords.EvenBytes(codes).Store(destination + PackedLayout.Rows * 2 * word);
        TWords.OddBytes(codes).Store(destination + PackedLayout.Rows * (2 * word + 1));
    }

    /// <summary>Writes a step's scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreScales(byte* step, int row, TWords scales) => scales.Store((int*)(step + Step<TShape>.ScaleOffset) + row);

    /// <summary>Writes a step's minima.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreMinima(byte* step, int row, TWords minima) =>
        minima.Store((int*)(step + Step<TShape>.ScaleOffset) + PackedLayout.Rows + row);
}
