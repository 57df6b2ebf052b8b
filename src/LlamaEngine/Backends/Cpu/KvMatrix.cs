namespace LlamaEngine.Backends.Cpu;

/// <summary>Rows of a block in the cache that stand some bytes apart; outside it they follow each other without a gap.</summary>
internal readonly unsafe struct KvMatrix(byte* data, int rows, int rowBytes, int stride)
{
    // Rows without a gap are one row.
    private readonly int _rows = rowBytes == stride ? 1 : rows;
    private readonly int _rowBytes = rowBytes == stride ? checked(rows * rowBytes) : rowBytes;

    /// <summary>Copies the rows out; returns where the next matrix goes.</summary>
    public byte* Read(byte* destination)
    {
        for (int row = 0; row < _rows; row++, destination += _rowBytes)
            Buffer.MemoryCopy(data + (long)row * stride, destination, _rowBytes, _rowBytes);
        return destination;
    }

    /// <summary>Copies the rows in; returns where the next matrix stands. What lies between rows stays as it is.</summary>
    public byte* Write(byte* source)
    {
        for (int row = 0; row < _rows; row++, source += _rowBytes)
            Buffer.MemoryCopy(source, data + (long)row * stride, _rowBytes, _rowBytes);
        return source;
    }
}
