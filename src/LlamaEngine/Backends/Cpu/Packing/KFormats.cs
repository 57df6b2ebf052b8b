using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>Q4_K: see Formats/Quantization/Q4KBlocks. Words: 3 of scales, 32 of codes.</summary>
internal readonly unsafe struct PackedQ4_K : IPackedFormat
{
    private const int Halves = 2, Scales = 3, Pairs = 4, WordsPerPair = 8;

    public static int UnitValues => 256;

    public static int UnitBytes => PackedLayout.Rows * 144;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        TWords nibbles = Expander<TWords, NarrowWithMinimum>.LowNibbles;
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            SixBitScales<TWords, NarrowWithMinimum>.Expand(unit, panel, row);
            for (int pair = 0; pair < Pairs; pair++)
            {
                byte* even = panel + pair * 2 * Step<NarrowWithMinimum>.PanelBytes, odd = even + Step<NarrowWithMinimum>.PanelBytes;
                for (int word = 0; word < WordsPerPair; word++)
                {
                    TWords codes = Expander<TWords, NarrowWithMinimum>.Word(unit, Halves, Scales + pair * WordsPerPair + word, row);
                    Expander<TWords, NarrowWithMinimum>.StoreCodes(even, word, row, codes & nibbles);
                    Expander<TWords, NarrowWithMinimum>.StoreCodes(odd, word, row, codes >>> 4 & nibbles);
                }
            }
        }
    }
}

/// <summary>Q5_K: see Formats/Quantization/Q5KBlocks. Words: 3 of scales, 8 of fifth bits, 32 of codes.</summary>
internal readonly unsafe struct PackedQ5_K : IPackedFormat
{
    private const int Halves = 2, High = 3, Low = 11, Pairs = 4, WordsPerPair = 8;

    public static int UnitValues => 256;

    public static int UnitBytes => PackedLayout.Rows * 176;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        TWords nibbles = Expander<TWords, WideWithMinimum>.LowNibbles, bit = TWords.Create(0x01010101);
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            SixBitScales<TWords, WideWithMinimum>.Expand(unit, panel, row);
            for (int pair = 0; pair < Pairs; pair++)
            {
                byte* even = panel + pair * 2 * Step<WideWithMinimum>.PanelBytes, odd = even + Step<WideWithMinimum>.PanelBytes;
                for (int word = 0; word < WordsPerPair; word++)
                {
                    TWords low = Expander<TWords, WideWithMinimum>.Word(unit, Halves, Low + pair * WordsPerPair + word, row);
                    TWords high = Expander<TWords, WideWithMinimum>.Word(unit, Halves, High + word, row) >>> (2 * pair);
                    Expander<TWords, WideWithMinimum>.StoreCodes(even, word, row, (low & nibbles) | (high & bit) << 4);
                    Expander<TWords, WideWithMinimum>.StoreCodes(odd, word, row, (low >>> 4 & nibbles) | (high >>> 1 & bit) << 4);
                }
            }
        }
    }
}
