using LlamaEngine.Backends.Cpu.Kernels;
using LlamaEngine.Backends.Cpu.Simd;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>
/// A quantized type as kernels see it: units of 16 rows (see <see cref="PackedLayout"/>) that expand to steps of a
/// panel (see <see cref="IStepShape"/>).
/// </summary>
internal unsafe interface IPackedFormat
{
    /// <summary>Values of each row in a unit: 32 or 256.</summary>
    static abstract int UnitValues { get; }

    /// <summary>Bytes of a unit.</summary>
    static abstract int UnitBytes { get; }

    /// <summary>Unpacks a unit to the steps of a panel.</summary>
    static abstract void Expand<TWords>(byte* unit, byte* panel) where TWords : struct, IWords<TWords>;
}
