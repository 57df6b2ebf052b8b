using System.Runtime.CompilerServices;
using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Formats;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>One or more weights of one quantized type, one below the other, repacked: see <see cref="PackedLayout"/>.</summary>
/// <remarks>Rows are filled up to whole groups of 16 with zeros, which give zero.</remarks>
internal sealed unsafe class PackedWeight : IDisposable
{
    private const int RowsPerChunk = 16, ChunksPerSlice = 64;

    private readonly NativeBuffer _buffer;

    private PackedWeight(int rows, int columns, TensorType type, MemoryCounter counter)
    {
        Rows = rows;
        Columns = columns;
        UnitsPerRow = columns / type.ValuesPerBlock();
        int groups = (rows + PackedLayout.Rows - 1) / PackedLayout.Rows;
        GroupBytes = (long)UnitsPerRow * PackedLayout.Of(type).UnitBytes;
        _buffer = new NativeBuffer(checked(groups * GroupBytes), counter, cleared: false);
        new Span<byte>(_buffer.Data + (groups - 1) * GroupBytes, checked((int)GroupBytes)).Clear();
    }

    /// <summary>Weight rows (outputs).</summary>
    public int Rows { get; }

    /// <summary>Values in a row (inputs).</summary>
    public int Columns { get; }

    /// <summary>Units in a group of 16 rows.</summary>
    public int UnitsPerRow { get; }

    /// <summary>Bytes of a group of 16 rows.</summary>
    public long GroupBytes { get; }

    /// <summary>First unit.</summary>
    public byte* Data => _buffer.Data;

    /// <summary>Repacks weights of equal type and width.</summary>
    public static PackedWeight Pack(ReadOnlySpan<TensorData> weights, WorkerPool pool, MemoryCounter counter, CancellationToken cancellation)
    {
        int rows = 0;
        foreach (TensorData weight in weights)
            rows = checked(rows + weight.Rows);
        PackedWeight packed = new(rows, weights[0].Columns, weights[0].Type, counter);
        try
        {
            int first = 0;
            foreach (TensorData weight in weights)
            {
                packed.Add(weight, first, pool, cancellation);
                first += weight.Rows;
            }
            return packed;
        }
        catch
        {
            packed.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private void Add(TensorData weight, int firstRow, WorkerPool pool, CancellationToken cancellation)
    {
        PackJob job = new()
        {
            Source = weight.Data,
            RowBytes = weight.RowBytes,
            BlockBytes = weight.Type.BytesPerBlock(),
            Layout = PackedLayout.Of(weight.Type),
            Units = UnitsPerRow,
            Rows = weight.Rows,
            FirstRow = firstRow,
            Destination = Data,
        };
        int chunks = (weight.Rows + RowsPerChunk - 1) / RowsPerChunk;
        for (; job.FirstChunk < chunks; job.FirstChunk += ChunksPerSlice)
        {
            cancellation.ThrowIfCancellationRequested();
            pool.Run(&Pack, &job, Math.Min(ChunksPerSlice, chunks - job.FirstChunk));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(void* state, int chunk, int thread)
    {
        PackJob* job = (PackJob*)state;
        int first = (job->FirstChunk + chunk) * RowsPerChunk, end = Math.Min(first + RowsPerChunk, job->Rows);
        PackedLayout layout = job->Layout;
        // Unit by unit, so that what all rows write to stays in the first-level cache.
        for (int i = 0; i < job->Units; i++)
        {
            for (int row = first; row < end; row++)
            {
                int place = job->FirstRow + row;
                byte* unit = job->Destination + ((long)(place / PackedLayout.Rows) * job->Units + i) * layout.UnitBytes;
                layout.Pack(job->Source + row * job->RowBytes + (long)i * job->BlockBytes, unit, place % PackedLayout.Rows);
            }
        }
    }

    private struct PackJob
    {
        public byte* Source, Destination;
        public long RowBytes;
        public int BlockBytes, Units, Rows, FirstRow, FirstChunk;
        public PackedLayout Layout;
    }
}
