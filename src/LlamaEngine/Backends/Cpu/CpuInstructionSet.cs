using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace LlamaEngine.Backends.Cpu;

/// <summary>What the kernels may use, in ascending order; each x86 level includes those before it.</summary>
internal enum CpuInstructionSet
{
    /// <summary>No vectors: the definitions that every other level is tested against.</summary>
    Scalar,

    /// <summary>Arm's 128-bit vectors.</summary>
    AdvSimd,

    /// <summary>AVX2 with FMA.</summary>
    Avx2,

    /// <summary>AVX2 with the 8-bit dot product on 256 bits; computed with the kernels of <see cref="Avx2"/>.</summary>
    AvxVnni,

    /// <summary>AVX-512 F, BW, CD, DQ and VL.</summary>
    Avx512,
}

/// <summary>Finds out what this processor can do.</summary>
internal static class CpuInstructionSets
{
    /// <summary>The best level that this processor has and <paramref name="most"/> allows.</summary>
    public static CpuInstructionSet Detect(CpuInstructionSet most)
    {
        if (most >= CpuInstructionSet.Avx512 && Avx512BW.IsSupported && Avx512DQ.IsSupported && Vector512.IsHardwareAccelerated)
            return CpuInstructionSet.Avx512;
        if (most >= CpuInstructionSet.AvxVnni && AvxVnni.IsSupported && Fma.IsSupported)
            return CpuInstructionSet.AvxVnni;
        if (most >= CpuInstructionSet.Avx2 && Avx2.IsSupported && Fma.IsSupported)
            return CpuInstructionSet.Avx2;
        return most >= CpuInstructionSet.AdvSimd && AdvSimd.Arm64.IsSupported ? CpuInstructionSet.AdvSimd : CpuInstructionSet.Scalar;
    }
}
