using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>Q8_0: see Formats/Quantization/EightBitBlocks.</summary>
internal readonly unsafe struct PackedQ8_0 : IPackedFormat
{
    private const int Words = 8;

    public static int UnitValues => 32;

    public static int UnitBytes => PackedLayout.Rows * 34;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            for (int word = 0; word < Words; word++)
                Expander<TWords, Wide>.StoreCodes(panel, word, row, Expander<TWords, Wide>.Word(unit, 1, word, row));
            Expander<TWords, Wide>.StoreScales(panel, row, Expander<TWords, Wide>.Half(unit, 0, row));
        }
    }
}
