using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Formats;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Backends.Cpu;

/// <summary>A vector as float32.</summary>
internal sealed unsafe class CpuVector : VectorWeight
{
    private readonly NativeBuffer _buffer;

    /// <summary>Copies and widens a vector.</summary>
    public CpuVector(TensorData vector, MemoryCounter counter)
        : base(vector.Columns)
    {
        _buffer = new NativeBuffer((long)vector.Columns * sizeof(float), counter);
        BlockCodec.Decode(vector.Type, vector.Data, _buffer.Floats, vector.Columns);
    }

    /// <summary>First value.</summary>
    public float* Data => _buffer.Floats;

    /// <inheritdoc/>
    public override void Dispose() => _buffer.Dispose();
}
