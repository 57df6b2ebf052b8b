namespace LlamaEngine.Benchmarks.Gpu;

/// <summary>One figure: what ran, how long it took, and what it moved or computed.</summary>
/// <param name="Operation">The operation, as the kernels' sources name it.</param>
/// <param name="Case">Shape and type.</param>
/// <param name="Seconds">Median of one run.</param>
/// <param name="Bytes">Bytes that must move at least; 0: not what bounds it.</param>
/// <param name="Operations">Multiplications and additions that are needed; 0: not what bounds it.</param>
internal sealed record Measurement(string Operation, string Case, double Seconds, double Bytes = 0, double Operations = 0)
{
    /// <summary>It is counted again in a sum that follows: in the JSON only.</summary>
    public bool IsPart { get; init; }

    /// <summary>Billions of bytes a second; 0: not counted.</summary>
    public double GigabytesPerSecond => Bytes / Seconds / 1e9;

    /// <summary>Trillions of operations a second; 0: not counted.</summary>
    public double Teraflops => Operations / Seconds / 1e12;

    /// <summary>Several operations that follow each other, as one.</summary>
    public static Measurement Sum(string operation, string name, IReadOnlyCollection<Measurement> parts) =>
        new(operation, name, parts.Sum(part => part.Seconds), parts.Sum(part => part.Bytes), parts.Sum(part => part.Operations));
}
