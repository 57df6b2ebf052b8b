using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Simd;
using static LlamaEngine.Backends.Cpu.Packing.FourBits;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>Q4_0: see Formats/Quantization/FourBitBlocks.</summary>
internal readonly unsafe struct PackedQ4_0 : IPackedFormat
{
    public static int UnitValues => 32;

    public static int UnitBytes => PackedLayout.Rows * 18;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            ExpandCodes<TWords, Narrow>(unit, 1, panel, row);
            Expander<TWords, Narrow>.StoreScales(panel, row, Expander<TWords, Narrow>.Half(unit, 0, row));
        }
    }
}

/// <summary>Q4_1: see Formats/Quantization/FourBitBlocks.</summary>
internal readonly unsafe struct PackedQ4_1 : IPackedFormat
{
    public static int UnitValues => 32;

    public static int UnitBytes => PackedLayout.Rows * 20;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            ExpandCodes<TWords, NarrowWithMinimum>(unit, 2, panel, row);
            Expander<TWords, NarrowWithMinimum>.StoreScales(panel, row, Expander<TWords, NarrowWithMinimum>.Half(unit, 0, row));
            Expander<TWords, NarrowWithMinimum>.StoreMinima(panel, row, Expander<TWords, NarrowWithMinimum>.Half(unit, 1, row));
        }
    }
}

/// <summary>What the 4-bit formats share.</summary>
internal static unsafe class FourBits
{
    private const int Words = 4;

    /// <summary>Unpacks 32 values: values 0 to 15 stand in the low halves of the bytes, 16 to 31 in the high halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandCodes<TWords, TShape>(byte* unit, int halves, byte* step, int row)
        where TWords : struct, IWords<TWords>
        where TShape : struct, IStepShape
    {
        for (int word = 0; word < Words; word++)
        {
            TWords codes = Expander<TWords, TShape>.Word(unit, halves, word, row);
            Expander<TWords, TShape>.StoreCodes(step, word, row, codes & Expander<TWords, TShape>.LowNibbles);
            Expander<TWords, TShape>.StoreCodes(step, word + Words, row, (codes >>> 4) & Expander<TWords, TShape>.LowNibbles);
        }
    }
}
