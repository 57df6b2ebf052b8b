namespace LlamaEngine.Backends.Cpu.Linear;

/// <summary>Neighbouring outputs of a linear layer that are stored, and so computed, in one way.</summary>
internal abstract unsafe class LinearSegment(int firstOutput, int outputs) : IDisposable
{
    /// <summary>Where its outputs start.</summary>
    public int FirstOutput { get; } = firstOutput;

    /// <summary>Number of outputs.</summary>
    public int Outputs { get; } = outputs;

    /// <summary>Computes the segment's columns of <paramref name="output"/>.</summary>
    /// <param name="bias">One for each output of the whole layer, or null.</param>
    /// <param name="previous">The segment computed just before from the same input, or null: what it prepared may still be used.</param>
    public abstract void Multiply(Workspace workspace, CpuActivations input, CpuActivations output, int rows, float* bias, LinearSegment? previous);

    /// <inheritdoc/>
    public abstract void Dispose();
}
