namespace LlamaEngine.Backends.Cuda;

/// <summary>How a <see cref="CudaBackend"/> is made.</summary>
internal sealed record CudaOptions
{
    /// <summary>The device, among those the driver shows to this process.</summary>
    public int Ordinal { get; init; }

    /// <summary>
    /// A row's result is the same, bit for bit, whatever other rows are in the batch: rows are always multiplied by the kernels for many
    /// rows and attend one by one. Costs speed.
    /// </summary>
    public bool BatchInvariant { get; init; }

    /// <summary>
    /// Activations may be rounded to 16 bits where many rows meet on tensor cores. False: every product is in float32, many times slower
    /// for prompts; a row's result then depends on no other row either.
    /// </summary>
    public bool RoundsActivations { get; init; } = true;

    /// <summary>Steps that only decode are recorded and replayed as graphs.</summary>
    public bool UseGraphs { get; init; } = true;
}
