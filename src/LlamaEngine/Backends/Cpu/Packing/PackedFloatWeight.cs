using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Formats;

namespace LlamaEngine.Backends.Cpu.Packing;

/// <summary>Weights of one type that is not quantized, one below the other: [group of 16 rows][value][row].</summary>
/// <remarks>Rows are filled up to whole groups of 16 with zeros.</remarks>
internal sealed unsafe class PackedFloatWeight : IDisposable
{
    private const int ChunksPerSlice = 64;

    private readonly NativeBuffer _buffer;

    private PackedFloatWeight(int rows, int columns, TensorType type, MemoryCounter counter)
    {
        Rows = rows;
        Columns = columns;
        Type = type;
        int groups = (rows + PackedLayout.Rows - 1) / PackedLayout.Rows;
        long groupBytes = (long)columns * PackedLayout.Rows * type.BytesPerBlock();
        _buffer = new NativeBuffer(checked(groups * groupBytes), counter, cleared: false);
        new Span<byte>(_buffer.Data + (groups - 1) * groupBytes, checked((int)groupBytes)).Clear();
    }

    /// <summary>Weight rows (outputs).</summary>
    public int Rows { get; }

    /// <summary>Values in a row (inputs).</summary>
    public int Columns { get; }

    /// <summary>F32, F16 or BF16.</summary>
    public TensorType Type { get; }

    /// <summary>Read as F16, every value is a finite number.</summary>
    public bool IsFinite { get; private set; } = true;

    /// <summary>First value.</summary>
    public byte* Data => _buffer.Data;

    /// <summary>Repacks weights of equal type and width.</summary>
    public static PackedFloatWeight Pack(ReadOnlySpan<TensorData> weights, WorkerPool pool, MemoryCounter counter, CancellationToken cancellation)
    {
        int rows = 0;
        foreach (TensorData weight in weights)
            rows = checked(rows + weight.Rows);
        PackedFloatWeight packed = new(rows, weights[0].Columns, weights[0].Type, counter);
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
            Rows = weight.Rows,
            Columns = Columns,
            FirstRow = firstRow,
            Destination = Data,
        };
        delegate*<void*, int, int, void> pack = weight.Type == TensorType.F32 ? &Pack<uint> : &Pack<ushort>;
        int chunks = (weight.Rows + PackedLayout.Rows - 1) / PackedLayout.Rows;
        for (; job.FirstChunk < chunks; job.FirstChunk += ChunksPerSlice)
        {
            cancellation.ThrowIfCancellationRequested();
            pool.Run(pack, &job, Math.Min(ChunksPerSlice, chunks - job.FirstChunk));
        }
        IsFinite &= job.HasSpecial == 0;
    }

    /// <summary>One chunk is 16 rows of the source, value by value: so that writes are in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack<T>(void* state, int chunk, int thread) where T : unmanaged
    {
        PackJob* job = (PackJob*)state;
        int first = (job->FirstChunk + chunk) * PackedLayout.Rows, end = Math.Min(first + PackedLayout.Rows, job->Rows);
        T** targets = stackalloc T*[PackedLayout.Rows];
        for (int row = first; row < end; row++)
        {
            int place = job->FirstRow + row;
            targets[row - first] = (T*)job->Destination + (long)(place / PackedLayout.Rows) * job->Columns * PackedLayout.Rows + place % PackedLayout.Rows;
        }
        T* source = (T*)job->Source + (long)first * job->Columns;
        for (int column = 0; column < job->Columns; column++)
        {
            for (int row = 0; row < end - first; row++)
                targets[row][column * PackedLayout.Rows] = source[(long)row * job->Columns + column];
        }
        if (sizeof(T) == sizeof(ushort) && HasSpecialHalf((ushort*)source, (long)(end - first) * job->Columns))
            Volatile.Write(ref job->HasSpecial, 1);
    }

    /// <summary>Some exponent is all ones.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool HasSpecialHalf(ushort* halves, long count)
    {
        Vector256<ushort> exponent = Vector256.Create((ushort)0x7C00);
        long i = 0;
        for (; i <= count - Vector256<ushort>.Count; i += Vector256<ushort>.Count)
        {
            if (Vector256.EqualsAny(Vector256.Load(halves + i) & exponent, exponent))
                return true;
        }
        for (; i < count; i++)
        {
            if ((halves[i] & 0x7C00) == 0x7C00)
                return true;
        }
        return false;
    }

    private struct PackJob
    {
        public byte* Source, Destination;
        public int Rows, Columns, FirstRow, FirstChunk;

        /// <summary>Read as F16, some value is no finite number.</summary>
        public int HasSpecial;
    }
}
