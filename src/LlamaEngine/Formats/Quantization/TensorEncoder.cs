namespace LlamaEngine.Formats.Quantization;

/// <summary>Re-encodes the rows of one tensor.</summary>
/// <remarks>Thread-safe, each caller bringing its own scratch memory.</remarks>
internal sealed unsafe class TensorEncoder(TensorData source, TensorType target, RowOrder order)
{
    /// <summary>Rows; a vector is one row, and all dimensions but the innermost count.</summary>
    public int Rows { get; } = source.Columns == 0 ? 0 : checked((int)(source.Info.ElementCount / source.Columns));

    /// <summary>Floats of scratch memory that <see cref="EncodeRow"/> needs.</summary>
    public int ScratchLength => IsPermutedVector ? 2 * source.Columns : source.Columns;

    /// <summary>Bytes that <see cref="EncodeRow"/> writes.</summary>
    public long RowBytes => target.ByteLength(source.Columns);

    private bool IsPermutedVector => source.Info.Shape.Length == 1 && !order.IsIdentity;

    /// <summary>Writes a row of the new tensor.</summary>
    /// <exception cref="ModelFormatException">A value is not finite, or too large for the new type.</exception>
    public void EncodeRow(int row, float* scratch, byte* destination)
    {
        byte* from = source.Data + (source.Info.Shape.Length == 1 ? row : order.SourceOf(row)) * source.RowBytes;
        if (source.Type == target && !IsPermutedVector)
        {
            Buffer.MemoryCopy(from, destination, RowBytes, RowBytes);
            return;
        }
        BlockCodec.Decode(source.Type, from, scratch, source.Columns);
        try
        {
            BlockCodec.Encode(target, IsPermutedVector ? Permute(scratch) : scratch, destination, source.Columns);
        }
        catch (ArgumentException error)
        {
            throw new ModelFormatException(source.Info.File, source.Info.Offset + (from - source.Data),
                $"row {row} of tensor '{source.Info.Name}' cannot be stored as {target}: {error.Message}", error);
        }
    }

    /// <summary>Puts the values of a bias into their new order, in the second half of the scratch memory.</summary>
    private float* Permute(float* values)
    {
        float* permuted = values + source.Columns;
        for (int i = 0; i < source.Columns; i++)
            permuted[i] = values[order.SourceOf(i)];
        return permuted;
    }
}
