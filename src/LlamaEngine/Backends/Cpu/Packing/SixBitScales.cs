using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>The scales of Q4_K and Q5_K: eight 6-bit scales and minima in three words a row, see Formats/Quantization/SuperBlock.</summary>
internal static unsafe class SixBitScales<TWords, TShape>
    where TWords : struct, IWords<TWords>
    where TShape : struct, IStepShape
{
    private const int Halves = 2;

    /// <summary>Writes scale · s and −minimumScale · m to the eight steps of a super-block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand(byte* unit, byte* panel, int row)
    {
        TWords scale = Expander<TWords, TShape>.Half(unit, 0, row), minimum = TWords.NegateFloat(Expander<TWords, TShape>.Half(unit, 1, row));
        TWords scales = Expander<TWords, TShape>.Word(unit, Halves, 0, row), minima = Expander<TWords, TShape>.Word(unit, Halves, 1, row);
        TWords rest = Expander<TWords, TShape>.Word(unit, Halves, 2, row);
        for (int sub = 0; sub < 4; sub++)
        {
            byte* lower = panel + sub * Step<TShape>.PanelBytes, upper = lower + 4 * Step<TShape>.PanelBytes;
            int shift = 8 * sub;
            Store(lower, row, scale, scales >>> shift & TWords.Create(63), minimum, minima >>> shift & TWords.Create(63));
            TWords tops = TWords.Create(3), lows = TWords.Create(15);
            TWords upperScale = (rest >>> shift & lows) | (scales >>> (shift + 6) & tops) << 4;
            TWords upperMinimum = (rest >>> (shift + 4) & lows) | (minima >>> (shift + 6) & tops) << 4;
            Store(upper, row, scale, upperScale, minimum, upperMinimum);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(byte* step, int row, TWords scale, TWords smallScale, TWords minimum, TWords smallMinimum)
    {
        Expander<TWords, TShape>.StoreScales(step, row, TWords.MultiplyFloat(scale, TWords.ToFloat(smallScale)));
        Expander<TWords, TShape>.StoreMinima(step, row, TWords.MultiplyFloat(minimum, TWords.ToFloat(smallMinimum)));
    }
}
