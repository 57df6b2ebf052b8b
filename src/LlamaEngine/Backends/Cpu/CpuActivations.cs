using LlamaEngine.Backends.Cpu.Memory;

namespace LlamaEngine.Backends.Cpu;

/// <summary>Rows of float32, each starting on a cache line.</summary>
internal sealed unsafe class CpuActivations(int rows, int columns, MemoryCounter counter) : Activations(rows, columns)
{
    private const int FloatsPerLine = 16;

    private readonly NativeBuffer _buffer = new((long)rows * Pad(columns) * sizeof(float), counter);

    /// <summary>Floats from one row to the next.</summary>
    public int Stride { get; } = Pad(columns);

    /// <summary>First row.</summary>
    public float* Data => _buffer.Floats;

    /// <summary>A row's first value.</summary>
    public float* Row(int row) => Data + (long)row * Stride;

    /// <inheritdoc/>
    public override void Dispose() => _buffer.Dispose();

    private static int Pad(int columns) => checked(columns + FloatsPerLine - 1) / FloatsPerLine * FloatsPerLine;
}
