using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>Operands of <see cref="QuantizeKernel{TLanes, TShape}"/>.</summary>
internal unsafe struct QuantizeJob
{
    public float* Input;
    public int InputStride;
    public ActivationLayout Layout;
    public byte* Output;
}

/// <summary>
/// Rounds activations in blocks of 32: scale = largest magnitude ÷ largest code. One chunk is one tile of rows, whose codes
/// stand side by side, word by word, in the order that a <see cref="ITile"/> reads them; rows that are missing have scale 0.
/// </summary>
/// <remarks>
/// Narrow steps take codes of 8 bits. Wide steps multiply 16-bit numbers anyway, so theirs are finer by a factor of 256 at no
/// cost: what rounding leaves there is far below the weights' own error.
/// </remarks>
internal static unsafe class QuantizeKernel<TLanes, TShape>
    where TLanes : struct, ILanes<TLanes>
    where TShape : struct, IStepShape
{
    private const int BlockValues = 32, BlockWords = BlockValues / 2, MostRows = Step<TShape>.TileRows;

    private static int StepsPerBlock => BlockValues / Step<TShape>.Values;

    private static float LargestCode => TShape.IsWide ? 127 * 256 : 127;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(void* state, int tile, int thread)
    {
        QuantizeJob* job = (QuantizeJob*)state;
        ActivationLayout layout = job->Layout;
        int firstRow = tile * layout.TileRows;
        float* input = job->Input + (long)firstRow * job->InputStride;
        for (int column = 0, panel = 0; column < layout.Columns; column += ActivationLayout.PanelValues, panel++)
        {
            int columns = Math.Min(ActivationLayout.PanelValues, layout.Columns - column);
            int* output = (int*)(job->Output + layout.Offset(tile, panel));
            if (layout.TileRows == 1)
                QuantizeOne(input + column, columns, output);
            else
                QuantizeTile(input + column, job->InputStride, columns, layout.Rows - firstRow, output);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void QuantizeOne(float* values, int columns, int* output)
    {
        int* words = stackalloc int[BlockWords];
        for (int i = 0; i < columns; i += BlockValues)
        {
            float scale = Round(values + i, words);
            for (int step = 0; step < StepsPerBlock; step++)
            {
                for (int group = 0; group < TShape.Groups; group++)
                    output[group] = words[step * TShape.Groups + group];
                output += TShape.Groups;
                *(float*)output = scale;
                output[1] = Correction(words + step * TShape.Groups, scale);
                output += 2;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void QuantizeTile(float* values, int stride, int columns, int rows, int* output)
    {
        int* words = stackalloc int[MostRows * BlockWords];
        float* scales = stackalloc float[MostRows];
        new Span<int>(words, MostRows * BlockWords).Clear();
        new Span<float>(scales, MostRows).Clear();
        for (int i = 0; i < columns; i += BlockValues)
        {
            for (int row = 0; row < Math.Min(rows, MostRows); row++)
                scales[row] = Round(values + (long)row * stride + i, words + row * BlockWords);
            for (int step = 0; step < StepsPerBlock; step++)
            {
                WriteTileStep(words + step * TShape.Groups, scales, output);
                output += Step<TShape>.ActivationBytes(MostRows) / sizeof(int);
            }
        }
    }

    /// <summary>The words of four rows side by side, then their scales, then their corrections.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteTileStep(int* words, float* scales, int* output)
    {
        for (int group = 0; group < TShape.Groups; group++, output += MostRows)
        {
            int* word = words + group;
            Vector128.Create(word[0], word[BlockWords], word[2 * BlockWords], word[3 * BlockWords]).Store(output);
        }
        Vector128.Load(scales).Store((float*)output);
        for (int row = 0; row < MostRows; row++)
            output[MostRows + row] = Correction(words + row * BlockWords, scales[row]);
    }

    /// <summary>Rounds a block to words of four 8-bit codes, or of two 16-bit codes in the order of a panel: 0 and 2, 1 and 3.</summary>
    /// <returns>The scale.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Round(float* values, int* words)
    {
        TLanes a = TLanes.Load(values), b = TLanes.Load(values + BlockValues / 2);
        float largest = TLanes.Max(TLanes.Abs(a), TLanes.Abs(b)).Largest();
        TLanes factor = TLanes.Broadcast(largest == 0 ? 0 : LargestCode / largest);
        short* codes = (short*)words;
        (a * factor).StoreRounded(codes);
        (b * factor).StoreRounded(codes + BlockValues / 2);
        for (int i = 0; i < BlockValues; i += 2 * Vector128<short>.Count)
        {
            Vector128<short> first = Vector128.Load(codes + i), second = Vector128.Load(codes + i + Vector128<short>.Count);
            if (!TShape.IsWide)
            {
                Vector128.Narrow(first, second).Store((sbyte*)codes + i);
                continue;
            }
            Interleave(first).Store(codes + i);
            Interleave(second).Store(codes + i + Vector128<short>.Count);
        }
        return largest / LargestCode;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<short> Interleave(Vector128<short> codes) =>
        Vector128.Shuffle(codes, Vector128.Create((short)0, 2, 1, 3, 4, 6, 5, 7));

    /// <summary>What a step's offset takes: a multiple of the sum of codes, or the sum of the values they stand for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Correction(int* words, float scale)
    {
        if (TShape.HasMinimum)
            return BitConverter.SingleToInt32Bits(scale * Sum(words));
        return TShape.Offset == 0 ? 0 : TShape.Offset * Sum(words);
    }

    /// <summary>The sum of a step's codes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sum(int* words)
    {
        Vector128<int> sum = Vector128<int>.Zero;
        for (int i = 0; i < TShape.Groups; i += Vector128<int>.Count)
        {
            Vector128<int> codes = Vector128.Load(words + i);
            if (TShape.IsWide)
            {
                sum += (codes << 16 >> 16) + (codes >> 16);
                continue;
            }
            (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(codes.AsSByte());
            Vector128<short> pairs = lower + upper;
            sum += (pairs.AsInt32() << 16 >> 16) + (pairs.AsInt32() >> 16);
        }
        return Vector128.Sum(sum);
    }
}
