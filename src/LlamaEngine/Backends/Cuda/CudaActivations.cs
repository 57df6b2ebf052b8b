using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Backends.Cuda;

/// <summary>Rows of float32 on a device.</summary>
internal sealed unsafe class CudaActivations : Activations
{
    /// <summary>For <see cref="Pass"/>: written by something that belongs to no pass.</summary>
    public const long OutsideOfPasses = long.MaxValue;

    // Rows begin on a line of 128 bytes, so that a warp's access is whole lines.
    private const int FloatsPerLine = 32;

    private readonly CudaContext _context;
    private readonly DeviceBuffer _buffer;
    private PinnedBuffer? _row;

    /// <summary>Takes memory for them.</summary>
    public CudaActivations(CudaContext context, int rows, int columns)
        : base(rows, columns)
    {
        _context = context;
        Stride = checked(columns + FloatsPerLine - 1) / FloatsPerLine * FloatsPerLine;
        _buffer = new DeviceBuffer(context, (long)rows * Stride * sizeof(float));
    }

    /// <summary>Floats from one row to the next.</summary>
    public int Stride { get; }

    /// <summary>First row.</summary>
    public ulong Address => _buffer.Address;

    /// <summary>The pass that wrote to them last; results are there when it is done.</summary>
    public long Pass { get; set; } = OutsideOfPasses;

    /// <summary>A row's address.</summary>
    public ulong Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return Address + (ulong)row * (ulong)Stride * sizeof(float);
    }

    /// <summary>Copies a row to the host, behind what the stream has before; the result is overwritten by the next call.</summary>
    public Span<float> Read(CudaStream stream, int row)
    {
        _row ??= new PinnedBuffer(_context, (long)Columns * sizeof(float));
        stream.CopyToHost(_row.Data, Row(row), (long)Columns * sizeof(float));
        stream.Synchronize();
        return new Span<float>(_row.Data, Columns);
    }

    /// <summary>Writes a row: for tests.</summary>
    public void Write(CudaStream stream, int row, ReadOnlySpan<float> values)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Columns, nameof(values));
        fixed (float* source = values)
            stream.CopyToDevice(Row(row), source, (long)Columns * sizeof(float));
        stream.Synchronize();
        Pass = OutsideOfPasses;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _buffer.Dispose();
        _row?.Dispose();
    }
}
