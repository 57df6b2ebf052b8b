using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Backends.Cpu.Packing;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Rows;

/// <summary>Any format on any instruction set: a panel of weights is unpacked to the first-level cache and multiplied from there.</summary>
internal readonly unsafe struct PanelRow<TWords, TFormat, TShape, TTile> : IRowProduct
    where TWords : struct, IWords<TWords>
    where TFormat : struct, IPackedFormat
    where TShape : struct, IStepShape
    where TTile : struct, ITile
{
    private static int UnitsPerPanel => ActivationLayout.PanelValues / TFormat.UnitValues;

    private static int StepsPerUnit
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.UnitValues / Step<TShape>.Values;
    }

    public static int ScratchBytes => ActivationLayout.PanelValues / Step<TShape>.Values * Step<TShape>.PanelBytes;

    public static void Multiply(byte* unit, int units, byte* activations, byte* scratch, float* sums)
    {
        new Span<float>(sums, PackedLayout.Rows).Clear();
        for (int first = 0; first < units; first += UnitsPerPanel)
        {
            int count = Math.Min(UnitsPerPanel, units - first), steps = count * StepsPerUnit;
            Expand(unit, count, scratch);
            TTile.Multiply1x1(scratch, activations, steps, sums);
            unit += count * TFormat.UnitBytes;
            activations += steps * Step<TShape>.ActivationBytes(1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand(byte* unit, int units, byte* panel)
    {
        int panelBytes = StepsPerUnit * Step<TShape>.PanelBytes;
        for (int i = 0; i < units; i++)
        {
            Prefetch.Lines(Prefetch.Ahead(unit), TFormat.UnitBytes);
            TFormat.Expand<TWords>(unit, panel);
            unit += TFormat.UnitBytes;
            panel += panelBytes;
        }
    }
}
