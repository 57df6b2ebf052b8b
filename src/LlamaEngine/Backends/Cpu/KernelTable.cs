using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Packing;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu;

/// <summary>The kernels of one instruction set, as jobs for the <see cref="WorkerPool"/>.</summary>
internal readonly unsafe struct KernelTable
{
    public delegate*<void*, int, int, void> RmsNorm { get; private init; }

    public delegate*<void*, int, int, void> SwiGlu { get; private init; }

    public delegate*<void*, int, int, void> Rope { get; private init; }

    public delegate*<void*, int, int, void> Attention { get; private init; }

    public delegate*<void*, int, int, void> FloatLinear { get; private init; }

    private delegate*<void*, int, int, void> SinglePanel { get; init; }

    private delegate*<void*, int, int, void> HalfPanel { get; init; }

    private delegate*<void*, int, int, void> FiniteHalfPanel { get; init; }

    private delegate*<void*, int, int, void> BFloat16Panel { get; init; }

    /// <summary>Lays out the activations of many rows for <see cref="Panel"/>.</summary>
    public delegate*<void*, int, int, void> PackInput { get; private init; }

    /// <summary>Floats that <see cref="PackInput"/> writes for so many rows and inputs.</summary>
    public delegate*<int, int, long> PackedFloats { get; private init; }

    /// <summary>Scratch of one thread for <see cref="Panel"/>, in bytes.</summary>
    public int PanelScratchBytes { get; private init; }

    /// <summary>One row times finite F16 weights, with activations × 2^112.</summary>
    public delegate*<void*, int, int, void> TinyHalfRow { get; private init; }

    /// <summary>Linear layers of repacked F32, F16 or BF16; <paramref name="finite"/>: without infinities and what is not a number.</summary>
    public delegate*<void*, int, int, void> Panel(TensorType type, bool finite) => type switch
    {
        TensorType.F32 => SinglePanel,
        TensorType.F16 => finite ? FiniteHalfPanel : HalfPanel,
        TensorType.BF16 => BFloat16Panel,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Quantized."),
    };

    /// <summary>The kernels for <paramref name="level"/>, which the processor must have.</summary>
    public static KernelTable For(CpuInstructionSet level) => level switch
    {
        CpuInstructionSet.Avx512 => Of<Lanes512>(),
        CpuInstructionSet.AvxVnni or CpuInstructionSet.Avx2 => Of<Lanes256>(),
        CpuInstructionSet.AdvSimd => Of<Lanes128>(),
        _ => Of<ScalarLanes>(),
    };

    private static KernelTable Of<TLanes>() where TLanes : struct, ILanes<TLanes> => new()
    {
        RmsNorm = &RmsNormKernel<TLanes>.Run,
        SwiGlu = &SwiGluKernel<TLanes>.Run,
        Rope = &RopeKernel<TLanes>.Run,
        Attention = &AttentionKernel<TLanes>.Run,
        SinglePanel = &PanelLinearKernel<TLanes, SingleElement>.Run,
        HalfPanel = &PanelLinearKernel<TLanes, HalfElement>.Run,
        FiniteHalfPanel = &PanelLinearKernel<TLanes, FiniteHalfElement>.Run,
        BFloat16Panel = &PanelLinearKernel<TLanes, BFloat16Element>.Run,
        PackInput = &PanelLinearKernel<TLanes, SingleElement>.PackInput,
        PackedFloats = &PanelLinearKernel<TLanes, SingleElement>.PackedFloats,
        PanelScratchBytes = PanelLinearKernel<TLanes, SingleElement>.ScratchBytes,
        TinyHalfRow = &PanelLinearKernel<TLanes, TinyHalfElement>.Run,
        FloatLinear = &FloatLinearKernel<TLanes>.Run,
    };
}
