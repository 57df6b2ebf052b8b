using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Packing;
using LlamaEngine.Backends.Cpu.Rows;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu;

/// <summary>The kernels of one quantized type on one instruction set, as jobs for the <see cref="WorkerPool"/>.</summary>
internal sealed unsafe class QuantizedKernels
{
    /// <summary>Rounds activations: <see cref="QuantizeKernel{TLanes, TShape}"/>.</summary>
    public delegate*<void*, int, int, void> Quantize { get; private init; }

    /// <summary>The kind of steps; types with equal steps can share rounded activations.</summary>
    public required Type StepShape { get; init; }

    /// <summary>One row of activations.</summary>
    public delegate*<void*, int, int, void> One { get; private init; }

    /// <summary>Many rows of activations.</summary>
    public delegate*<void*, int, int, void> Many { get; private init; }

    /// <summary>Scratch of one thread, in bytes.</summary>
    public int ScratchBytes { get; private init; }

    /// <summary>Groups of weight rows in a chunk of <see cref="Many"/>.</summary>
    public int GroupsPerChunk { get; private init; }

    /// <summary>Values in a step.</summary>
    public int StepValues { get; private init; }

    /// <summary>Bytes of a step of one row of activations; four rows take four times as many.</summary>
    public int ActivationBytes { get; private init; }

    /// <summary>The kernels for a quantized type on <paramref name="level"/>, which the processor must have.</summary>
    public static QuantizedKernels For(TensorType type, CpuInstructionSet level) => type switch
    {
        TensorType.Q4_0 => Fused<PackedQ4_0, Narrow, FusedQ4_0>(level),
        TensorType.Q4_1 => Fused<PackedQ4_1, NarrowWithMinimum, FusedQ4_1>(level),
        TensorType.Q5_0 => Of<PackedQ5_0, Wide>(level),
        TensorType.Q5_1 => Of<PackedQ5_1, WideWithMinimum>(level),
        TensorType.Q8_0 => Fused<PackedQ8_0, Wide, FusedQ8_0>(level),
        TensorType.Q2_K => Of<PackedQ2_K, ShortWideWithMinimum>(level),
        TensorType.Q3_K => Of<PackedQ3_K, ShortWide>(level),
        TensorType.Q4_K => Fused<PackedQ4_K, NarrowWithMinimum, FusedQ4_K>(level),
        TensorType.Q5_K => Of<PackedQ5_K, WideWithMinimum>(level),
        TensorType.Q6_K => Fused<PackedQ6_K, ShortWide, FusedQ6_K>(level),
        TensorType.IQ4_NL => Of<PackedIQ4_NL, Wide>(level),
        TensorType.IQ4_XS => Of<PackedIQ4_XS, Wide>(level),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Not a quantized type."),
    };

    /// <summary>One row fused where there is AVX2: 256 bits are wide enough to wait for memory, on AVX-512 processors too.</summary>
    private static QuantizedKernels Fused<TFormat, TShape, TFused>(CpuInstructionSet level)
        where TFormat : struct, IPackedFormat
        where TShape : struct, IStepShape
        where TFused : struct, IFusedFormat
    {
        QuantizedKernels kernels = Of<TFormat, TShape>(level);
        return level < CpuInstructionSet.Avx2 ? kernels : new()
        {
            Quantize = kernels.Quantize,
            StepShape = kernels.StepShape,
            One = &RowLinearKernel<FusedRow<TFused>>.Run,
            Many = kernels.Many,
            ScratchBytes = kernels.ScratchBytes,
            GroupsPerChunk = kernels.GroupsPerChunk,
            StepValues = kernels.StepValues,
            ActivationBytes = kernels.ActivationBytes,
        };
    }

    private static QuantizedKernels Of<TFormat, TShape>(CpuInstructionSet level)
        where TFormat : struct, IPackedFormat
        where TShape : struct, IStepShape => level switch
    {
        CpuInstructionSet.Avx512 => Of<Lanes512, Words512, TFormat, TShape, Tile512<TShape>>(),
        CpuInstructionSet.AvxVnni or CpuInstructionSet.Avx2 => Of<Lanes256, Words256, TFormat, TShape, Tile256<TShape>>(),
        CpuInstructionSet.AdvSimd => Of<Lanes128, Words256, TFormat, TShape, ScalarTile<TShape>>(),
        _ => Of<ScalarLanes, Words256, TFormat, TShape, ScalarTile<TShape>>(),
    };

    private static QuantizedKernels Of<TLanes, TWords, TFormat, TShape, TTile>()
        where TLanes : struct, ILanes<TLanes>
        where TWords : struct, IWords<TWords>
        where TFormat : struct, IPackedFormat
        where TShape : struct, IStepShape
        where TTile : struct, ITile => new()
        {
            Quantize = &QuantizeKernel<TLanes, TShape>.Run,
            StepShape = typeof(TShape),
            One = &RowLinearKernel<PanelRow<TWords, TFormat, TShape, TTile>>.Run,
            Many = &QuantizedLinearKernel<TWords, TFormat, TShape, TTile>.Run,
            ScratchBytes = Math.Max(QuantizedLinearKernel<TWords, TFormat, TShape, TTile>.ScratchBytes, PanelRow<TWords, TFormat, TShape, TTile>.ScratchBytes),
            GroupsPerChunk = QuantizedLinearKernel<TWords, TFormat, TShape, TTile>.Groups,
            StepValues = Step<TShape>.Values,
            ActivationBytes = Step<TShape>.ActivationBytes(1),
        };
}
