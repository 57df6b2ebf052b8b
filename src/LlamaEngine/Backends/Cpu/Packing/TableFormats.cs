using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Simd;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>IQ4_NL: see Formats/Quantization/TableBlocks.</summary>
internal readonly unsafe struct PackedIQ4_NL : IPackedFormat
{
    public static int UnitValues => 32;

    public static int UnitBytes => PackedLayout.Rows * 18;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            LevelTable<TWords>.ExpandCodes(unit, 1, 0, panel, row);
            Expander<TWords, Wide>.StoreScales(panel, row, Expander<TWords, Wide>.Half(unit, 0, row));
        }
    }
}

/// <summary>IQ4_XS: see Formats/Quantization/TableBlocks. Words: 1 of low bits of scales, 32 of codes.</summary>
internal readonly unsafe struct PackedIQ4_XS : IPackedFormat
{
    private const int Halves = 2, SubBlocks = 8, WordsPerSubBlock = 4;

    public static int UnitValues => 256;

    public static int UnitBytes => PackedLayout.Rows * 136;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            TWords scale = Expander<TWords, Wide>.Half(unit, 0, row);
            TWords low = Expander<TWords, Wide>.Word(unit, Halves, 0, row), high = TWords.LoadUInt16((ushort*)unit + PackedLayout.Rows + row);
            for (int sub = 0; sub < SubBlocks; sub++)
            {
                byte* step = panel + sub * Step<Wide>.PanelBytes;
                TWords small = (low >>> (4 * sub) & TWords.Create(15)) | (high >>> (2 * sub) & TWords.Create(3)) << 4;
                LevelTable<TWords>.ExpandCodes(unit, Halves, 1 + sub * WordsPerSubBlock, step, row);
                Expander<TWords, Wide>.StoreScales(step, row, TWords.MultiplyFloat(scale, TWords.ToFloat(small - TWords.Create(32))));
            }
        }
    }
}

/// <summary>What the table formats share.</summary>
internal static unsafe class LevelTable<TWords> where TWords : struct, IWords<TWords>
{
    private const int Words = 4;

    /// <summary>Unpacks 32 values, packed as in Q4_0, and looks them up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExpandCodes(byte* unit, int halves, int firstWord, byte* step, int row)
    {
        Vector128<sbyte> levels = Vector128.Create(TableBlocks.Levels);
        TWords nibbles = Expander<TWords, Wide>.LowNibbles;
        for (int word = 0; word < Words; word++)
        {
            TWords codes = Expander<TWords, Wide>.Word(unit, halves, firstWord + word, row);
            Expander<TWords, Wide>.StoreCodes(step, word, row, TWords.LookUp(levels, codes & nibbles));
            Expander<TWords, Wide>.StoreCodes(step, word + Words, row, TWords.LookUp(levels, codes >>> 4 & nibbles));
        }
    }
}
