using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>Q6_K: see Formats/Quantization/Q6KBlocks. Words: 32 of low bits, 16 of high bits, 4 of scales.</summary>
internal readonly unsafe struct PackedQ6_K : IPackedFormat
{
    private const int Halves = 1, High = 32, Scales = 48;

    public static int UnitValues => 256;

    public static int UnitBytes => PackedLayout.Rows * 210;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        TWords nibbles = Expander<TWords, ShortWide>.LowNibbles, tops = TWords.Create(0x03030303), zero = TWords.Create(0x20202020);
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            TWords scale = Expander<TWords, ShortWide>.Half(unit, 0, row);
            for (int word = 0; word < ShortSteps.Count / 4; word++)
                ExpandScales(Expander<TWords, ShortWide>.Word(unit, Halves, Scales + word, row), scale, panel + 4 * word * Step<ShortWide>.PanelBytes, row);
            // What does not change is added to the pointers once: the inner loop's addresses are these and constants.
            for (int half = 0; half < 2; half++)
            {
                for (int sub = 0; sub < 2; sub++)
                {
                    int* words = (int*)(unit + PackedLayout.Rows * 2 * Halves) + PackedLayout.Rows * (16 * half + 4 * sub) + row;
                    int* highs = (int*)(unit + PackedLayout.Rows * 2 * Halves) + PackedLayout.Rows * (High + 8 * half + 4 * sub) + row;
                    byte* step = panel + (8 * half + sub) * Step<ShortWide>.PanelBytes + sizeof(int) * row;
                    for (int i = 0; i < 4; i++)
                    {
                        TWords first = TWords.Load(words), second = TWords.Load(words + PackedLayout.Rows * 8), high = TWords.Load(highs);
                        ShortSteps.Store(step, 0, TWords.SubtractBytes((first & nibbles) | (high & tops) << 4, zero));
                        ShortSteps.Store(step, 1, TWords.SubtractBytes((second & nibbles) | (high >>> 2 & tops) << 4, zero));
                        ShortSteps.Store(step, 2, TWords.SubtractBytes((first >>> 4 & nibbles) | (high >>> 4 & tops) << 4, zero));
                        ShortSteps.Store(step, 3, TWords.SubtractBytes((second >>> 4 & nibbles) | (high >>> 6 & tops) << 4, zero));
                        words += PackedLayout.Rows;
                        highs += PackedLayout.Rows;
                        step += 2 * Step<ShortWide>.VectorBytes;
                    }
                }
            }
        }
    }

    /// <summary>Four signed bytes of scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExpandScales<TWords>(TWords small, TWords scale, byte* step, int row) where TWords : struct, IWords<TWords>
    {
        for (int i = 0; i < 4; i++)
        {
            TWords factor = TWords.ToFloat(small << (24 - 8 * i) >> 24);
            Expander<TWords, ShortWide>.StoreScales(step + i * Step<ShortWide>.PanelBytes, row, TWords.MultiplyFloat(scale, factor));
        }
    }
}

/// <summary>Q3_K: see Formats/Quantization/Q3KBlocks. Words: 8 of high bits, 16 of low bits, 3 of scales.</summary>
internal readonly unsafe struct PackedQ3_K : IPackedFormat
{
    private const int Halves = 1, Low = 8, Scales = 24;

    public static int UnitValues => 256;

    public static int UnitBytes => PackedLayout.Rows * 110;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        TWords lows = TWords.Create(0x03030303), bit = TWords.Create(0x01010101), zero = TWords.Create(0x04040404);
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            ExpandScales<TWords>(unit, panel, row);
            for (int column = 0; column < 2 * ShortSteps.Columns; column++)
            {
                int half = column / ShortSteps.Columns, inner = column % ShortSteps.Columns;
                TWords low = Expander<TWords, ShortWide>.Word(unit, Halves, Low + column, row);
                TWords high = Expander<TWords, ShortWide>.Word(unit, Halves, inner, row) >>> (4 * half);
                for (int group = 0; group < 4; group++)
                {
                    TWords codes = (low >>> (2 * group) & lows) | (high >>> group & bit) << 2;
                    ShortSteps.Store<TWords, ShortWide>(panel, half, group, inner, row, TWords.SubtractBytes(codes, zero));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExpandScales<TWords>(byte* unit, byte* panel, int row) where TWords : struct, IWords<TWords>
    {
        TWords scale = Expander<TWords, ShortWide>.Half(unit, 0, row), rest = Expander<TWords, ShortWide>.Word(unit, Halves, Scales + 2, row);
        for (int sub = 0; sub < ShortSteps.Count; sub++)
        {
            TWords low = Expander<TWords, ShortWide>.Word(unit, Halves, Scales + sub % 8 / 4, row) >>> (8 * (sub % 4) + 4 * (sub / 8));
            TWords high = rest >>> (8 * (sub % 4) + 2 * (sub / 4));
            TWords small = (low & TWords.Create(15)) | (high & TWords.Create(3)) << 4;
            TWords factor = TWords.ToFloat(small - TWords.Create(32));
            Expander<TWords, ShortWide>.StoreScales(panel + sub * Step<ShortWide>.PanelBytes, row, TWords.MultiplyFloat(scale, factor));
        }
    }
}

/// <summary>Q2_K: see Formats/Quantization/Q2KBlocks. Words: 4 of scales, 16 of codes.</summary>
internal readonly unsafe struct PackedQ2_K : IPackedFormat
{
    private const int Halves = 2, Codes = 4;

    public static int UnitValues => 256;

    public static int UnitBytes => PackedLayout.Rows * 84;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>
    {
        TWords lows = TWords.Create(0x03030303);
        for (int row = 0; row < PackedLayout.Rows; row += TWords.Rows)
        {
            ExpandScales<TWords>(unit, panel, row);
            for (int column = 0; column < 2 * ShortSteps.Columns; column++)
            {
                int half = column / ShortSteps.Columns, inner = column % ShortSteps.Columns;
                TWords codes = Expander<TWords, ShortWideWithMinimum>.Word(unit, Halves, Codes + column, row);
                for (int group = 0; group < 4; group++)
                    ShortSteps.Store<TWords, ShortWideWithMinimum>(panel, half, group, inner, row, codes >>> (2 * group) & lows);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ExpandScales<TWords>(byte* unit, byte* panel, int row) where TWords : struct, IWords<TWords>
    {
        TWords scale = Expander<TWords, ShortWideWithMinimum>.Half(unit, 0, row);
        TWords minimum = TWords.NegateFloat(Expander<TWords, ShortWideWithMinimum>.Half(unit, 1, row)), nibble = TWords.Create(15);
        for (int sub = 0; sub < ShortSteps.Count; sub++)
        {
            byte* step = panel + sub * Step<ShortWideWithMinimum>.PanelBytes;
            TWords both = Expander<TWords, ShortWideWithMinimum>.Word(unit, Halves, sub / 4, row) >>> (8 * (sub % 4));
            Expander<TWords, ShortWideWithMinimum>.StoreScales(step, row, TWords.MultiplyFloat(scale, TWords.ToFloat(both & nibble)));
            Expander<TWords, ShortWideWithMinimum>.StoreMinima(step, row, TWords.MultiplyFloat(minimum, TWords.ToFloat(both >>> 4 & nibble)));
        }
    }
}

/// <summary>What the formats with a scale for every 16 values share.</summary>
internal static unsafe class ShortSteps
{
    /// <summary>Steps in a super-block.</summary>
    public const int Count = 16;

    /// <summary>Words of codes in a group of 32 values; a half of a super-block has four groups.</summary>
    public const int Columns = 8;

    /// <summary>Writes four values of each row, which <paramref name="step"/> points at, in group <paramref name="group"/> of a half.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TWords>(byte* step, int group, TWords codes) where TWords : struct, IWords<TWords>
    {
        int* destination = (int*)(step + group * 2 * Step<ShortWide>.PanelBytes);
        TWords.EvenBytes(codes).Store(destination);
        TWords.OddBytes(codes).Store(destination + PackedLayout.Rows);
    }

    /// <summary>Writes values 4 × <paramref name="column"/> … + 3 of a group of 32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TWords, TShape>(byte* panel, int half, int group, int column, int row, TWords codes)
        where TWords : struct, IWords<TWords>
        where TShape : struct, IStepShape =>
        Expander<TWords, TShape>.StoreCodes(panel + (half * 8 + group * 2 + column / 4) * Step<TShape>.PanelBytes, column % 4, row, codes);
}
