using System.Runtime.Intrinsics;

namespace LlamaEngine.Backends.Cpu.Rows;

/// <summary>A format whose units are multiplied while they are unpacked, eight weight rows to a 256-bit register (AVX2).</summary>
internal unsafe interface IFusedFormat
{
    /// <summary>Bytes of a unit of 16 rows.</summary>
    static abstract int UnitBytes { get; }

    /// <summary>Bytes of one row's activations that meet a unit.</summary>
    static abstract int ActivationBytes { get; }

    /// <summary>Adds the products of eight rows of a unit, from <paramref name="row"/> (0 or 8) on, to <paramref name="sum"/>.</summary>
    static abstract Vector256<float> Multiply(byte* unit, int row, byte* activations, Vector256<float> sum);
}
