using System.Runtime.CompilerServices;
using LlamaEngine.Formats;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>
/// Where the parts of a file's block stand, and so what a packed unit looks like: the blocks of 16 weight rows with their 16-bit
/// words (scales) and their 32-bit words (codes and all the rest) interleaved, so that one vector load has one word
/// of every row. Same size as in the file.
/// </summary>
/// <param name="FirstHalf">Offset of the 16-bit words in a block.</param>
/// <param name="Halves">Number of them.</param>
/// <param name="FirstWord">Offset of the 32-bit words in a block.</param>
/// <param name="Words">Number of them.</param>
internal readonly record struct PackedLayout(int FirstHalf, int Halves, int FirstWord, int Words)
{
    /// <summary>Weight rows in a unit.</summary>
    public const int Rows = 16;

    /// <summary>Bytes of a unit.</summary>
    public int UnitBytes => Rows * (2 * Halves + 4 * Words);

    /// <summary>The layout of a quantized type.</summary>
    public static PackedLayout Of(TensorType type) => type switch
    {
        TensorType.Q4_0 or TensorType.IQ4_NL => new(0, 1, 2, 4),
        TensorType.Q4_1 => new(0, 2, 4, 4),
        TensorType.Q5_0 => new(0, 1, 2, 5),
        TensorType.Q5_1 => new(0, 2, 4, 5),
        TensorType.Q8_0 => new(0, 1, 2, 8),
        TensorType.Q2_K => new(80, 2, 0, 20),
        TensorType.Q3_K => new(108, 1, 0, 27),
        TensorType.Q4_K => new(0, 2, 4, 35),
        TensorType.Q5_K => new(0, 2, 4, 43),
        TensorType.Q6_K => new(208, 1, 0, 52),
        TensorType.IQ4_XS => new(0, 2, 4, 33),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a quantized type."),
    };

    /// <summary>Interleaves one block into its row's place in a unit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void Pack(byte* block, byte* unit, int row)
    {
        ushort* half = (ushort*)(block + FirstHalf), halves = (ushort*)unit + row;
        for (int left = Halves; left > 0; left--, halves += Rows)
            *halves = *half++;
        int* word = (int*)(block + FirstWord), words = (int*)(unit + Rows * sizeof(ushort) * Halves) + row;
        for (int left = Words; left > 0; left--, words += Rows)
            *words = *word++;
    }
}
