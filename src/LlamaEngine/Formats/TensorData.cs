namespace LlamaEngine.Formats;

/// <summary>A tensor together with the address of its (usually memory-mapped) data.</summary>
/// <remarks>Valid while the <see cref="ModelFile"/> it came from is open. The bounds were checked when the file was opened.</remarks>
internal readonly unsafe struct TensorData(TensorInfo info, byte* data)
{
    /// <summary>Name, type and shape.</summary>
    public TensorInfo Info { get; } = info;

    /// <summary>First byte; no alignment is promised (safetensors may place data at odd offsets).</summary>
    public byte* Data { get; } = data;

    /// <summary>How the values are stored.</summary>
    public TensorType Type => Info.Type;

    /// <summary>Outputs of a weight; 1 for a vector.</summary>
    public int Rows => Info.Shape.Length < 2 ? 1 : checked((int)Info.Shape[0]);

    /// <summary>Inputs of a weight; the length of a vector.</summary>
    public int Columns => checked((int)Info.Shape[^1]);

    /// <summary>Bytes of one row.</summary>
    public long RowBytes => Type.ByteLength(Columns);
}
