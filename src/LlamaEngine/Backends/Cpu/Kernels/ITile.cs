namespace LlamaEngine.Backends.Cpu.Kernels;

/// <summary>
/// The inner product of panels and activations on one instruction set. Every lane is one weight row; integer sums within
/// a step are exact, and steps are added in ascending order as sum = fma(float(integers) × scale, activation scale, sum), then, with
/// minima, sum = fma(minimum, correction, sum): so all implementations agree bit for bit.
/// </summary>
internal unsafe interface ITile
{
    /// <summary>Adds the products of two panels (32 weight rows) with four rows of activations to sums[panel][row][16].</summary>
    /// <param name="panel">First panel.</param>
    /// <param name="panelStride">Bytes to the second.</param>
    /// <param name="activations">Steps of four rows, as <see cref="QuantizeKernel{TLanes, TShape}"/> writes them.</param>
    /// <param name="steps">Number of steps.</param>
    /// <param name="sums">128 floats, updated.</param>
    static abstract void Multiply2x4(byte* panel, int panelStride, byte* activations, int steps, float* sums);

    /// <summary>Adds the products of one panel (16 weight rows) with one row of activations to sums[16].</summary>
    static abstract void Multiply1x1(byte* panel, byte* activations, int steps, float* sums);
}
