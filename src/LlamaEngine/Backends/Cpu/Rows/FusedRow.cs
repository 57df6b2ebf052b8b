using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Backends.Cpu.Packing;

namespace LlamaEngine.Backends.Cpu.Rows;

/// <summary>One row on AVX2 without a panel between: weights go from memory through registers, so that memory is what decoding waits for.</summary>
internal readonly unsafe struct FusedRow<TFormat> : IRowProduct where TFormat : struct, IFusedFormat
{
    // Of 32 values: what both halves of the rows need of the activations fits into registers.
    private const int MostBytesAtOnce = 1024;

    public static int ScratchBytes => 0;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* unit, int units, byte* activations, byte* scratch, float* sums)
    {
        if (TFormat.UnitBytes <= MostBytesAtOnce)
        {
            MultiplyShort(unit, units, activations, sums);
            return;
        }
        new Span<float>(sums, PackedLayout.Rows).Clear();
        for (; units > 0; units--, unit += TFormat.UnitBytes, activations += TFormat.ActivationBytes)
        {
            MultiplyEight(unit, 0, activations, sums);
            MultiplyEight(unit, Fused.Rows, activations, sums + Fused.Rows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyShort(byte* unit, int units, byte* activations, float* sums)
    {
        Vector256<float> lower = Vector256<float>.Zero, upper = Vector256<float>.Zero;
        for (; units > 0; units--)
        {
            Prefetch.Lines(Prefetch.Ahead(unit), TFormat.UnitBytes);
            lower = TFormat.Multiply(unit, 0, activations, lower);
            upper = TFormat.Multiply(unit, Fused.Rows, activations, upper);
            unit += TFormat.UnitBytes;
            activations += TFormat.ActivationBytes;
        }
        lower.Store(sums);
        upper.Store(sums + Fused.Rows);
    }

    /// <summary>Not inlined twice: the compiler would keep the activations' vectors from one to the other, in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void MultiplyEight(byte* unit, int row, byte* activations, float* sums) =>
        TFormat.Multiply(unit, row, activations, Vector256.Load(sums)).Store(sums);
}
