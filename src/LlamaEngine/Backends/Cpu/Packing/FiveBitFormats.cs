using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>Q5_0: see Formats/Quantization/FiveBitBlocks.</summary>
internal readonly unsafe struct PackedQ5_0 : IPackedFormat
{
    public static int UnitValues => 32;

    public static int UnitBytes => PackedLayout.Rows * 22;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            FiveBits<TWords, Wide>.ExpandCodes(unit, 1, TWords.Create(0x10101010), panel, row);
            Expander<TWords, Wide>.StoreScales(panel, row, Expander<TWords, Wide>.Half(unit, 0, row));
        }
    }
}

/// <summary>Q5_1: see Formats/Quantization/FiveBitBlocks.</summary>
internal readonly unsafe struct PackedQ5_1 : IPackedFormat
{
    public static int UnitValues => 32;

    public static int UnitBytes => PackedLayout.Rows * 24;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            FiveBits<TWords, WideWithMinimum>.ExpandCodes(unit, 2, TWords.Create(0), panel, row);
            Expander<TWords, WideWithMinimum>.StoreScales(panel, row, Expander<TWords, WideWithMinimum>.Half(unit, 0, row));
            Expander<TWords, WideWithMinimum>.StoreMinima(panel, row, Expander<TWords, WideWithMinimum>.Half(unit, 1, row));
        }
    }
}

/// <summary>What Q5_0 and Q5_1 share.</summary>
internal static unsafe class FiveBits<TWords, TShape>
    where TWords : struct, IWords<TWords>
    where TShape : struct, IStepShape
{
    private const int Words = 4;

    /// <summary>Unpacks 32 values: a word of fifth bits, then four bits as in Q4_0; the bytes of <paramref name="offset"/> are taken off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandCodes(byte* unit, int halves, TWords offset, byte* step, int row)
    {
        TWords high = Expander<TWords, TShape>.Word(unit, halves, 0, row), nibbles = Expander<TWords, TShape>.LowNibbles;
        for (int word = 0; word < Words; word++)
        {
            TWords low = Expander<TWords, TShape>.Word(unit, halves, word + 1, row);
            TWords first = (low & nibbles) | FifthBits(high >>> (4 * word));
            TWords second = (low >>> 4 & nibbles) | FifthBits(high >>> (4 * word + 16));
            Expander<TWords, TShape>.StoreCodes(step, word, row, TWords.SubtractBytes(first, offset));
            Expander<TWords, TShape>.StoreCodes(step, word + Words, row, TWords.SubtractBytes(second, offset));
        }
    }

    /// <summary>Bits 0 to 3 of a word to bit 4 of its bytes 0 to 3: copies 7 bits apart put bit i at 8 i, what overlaps is masked off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TWords FifthBits(TWords bits) =>
        ((bits & TWords.Create(15)) * TWords.Create(0x00204081) & TWords.Create(0x01010101)) << 4;
}
