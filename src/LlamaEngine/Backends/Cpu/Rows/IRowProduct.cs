namespace LlamaEngine.Backends.Cpu.Rows;

/// <summary>
/// The product of a group of 16 packed weight rows with one row of rounded activations: what decoding one sequence is made of. Agrees
/// bit for bit with <see cref="Kernels.ITile"/>.
/// </summary>
internal unsafe interface IRowProduct
{
    /// <summary>Scratch that one thread needs, in bytes.</summary>
    static abstract int ScratchBytes { get; }

    /// <summary>Writes sums[16].</summary>
    /// <param name="unit">First unit of the group.</param>
    /// <param name="units">Number of units.</param>
    /// <param name="activations">Steps of one row, as <see cref="Kernels.QuantizeKernel{TLanes, TShape}"/> writes them.</param>
    /// <param name="scratch">This thread's.</param>
    /// <param name="sums">16 floats, overwritten.</param>
    static abstract void Multiply(byte* unit, int units, byte* activations, byte* scratch, float* sums);
}
