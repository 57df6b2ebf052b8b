using System.Runtime.InteropServices;
using LlamaEngine.Backends.Cpu.Memory;
using LlamaEngine.Models;

namespace LlamaEngine.Backends.Cpu;

/// <summary>Cosines and sines by position, made when a position is first met; grows by doubling.</summary>
internal sealed unsafe class CpuRopeTable(RopeConfiguration configuration, MemoryCounter counter) : RopeTable
{
    private const int FirstPositions = 256;

    private readonly RopeFrequencies _frequencies = RopeFrequencies.Compute(configuration);
    private float* _table;
    private int _positions;

    ~CpuRopeTable() => Free();

    /// <summary>How values are paired.</summary>
    public RopeLayout Layout => configuration.Layout;

    /// <summary>Values of a head that are rotated.</summary>
    public int Dimension => configuration.Dimension;

    /// <summary>Floats of one position.</summary>
    public int RowFloats => configuration.Layout == RopeLayout.Interleaved ? 2 * Dimension : Dimension;

    /// <summary>
    /// For every position up to <paramref name="last"/> at least the factors of a head's own values, then those of their partners:
    /// half-split cosines and sines, one a pair; interleaved the cosine and the signed sine of every value.
    /// </summary>
    public float* UpTo(int last)
    {
        if (last >= _positions)
            Grow(last + 1);
        return _table;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Grow(int needed)
    {
        int positions = (int)Math.Min(Math.Max(needed, Math.Max(FirstPositions, 2L * _positions)), Array.MaxLength);
        long rowBytes = (long)RowFloats * sizeof(float);
        _table = (float*)NativeMemory.AlignedRealloc(_table, (nuint)Math.Max(positions * rowBytes, 1), NativeBuffer.Alignment);
        counter.Add((positions - _positions) * rowBytes);
        for (int position = _positions; position < positions; position++)
            Fill(position, _table + (long)position * RowFloats);
        _positions = positions;
    }

    private void Fill(int position, float* row)
    {
        int pairs = Dimension / 2;
        for (int i = 0; i < pairs; i++)
        {
            (double sine, double cosine) = Math.SinCos(position * _frequencies.Inverse[i]);
            float own = (float)(cosine * _frequencies.Magnitude), partner = (float)(sine * _frequencies.Magnitude);
            if (configuration.Layout == RopeLayout.Interleaved)
            {
                row[2 * i] = row[2 * i + 1] = own;
                row[Dimension + 2 * i] = -partner;
                row[Dimension + 2 * i + 1] = partner;
                continue;
            }
            row[i] = own;
            row[pairs + i] = partner;
        }
    }

    private void Free()
    {
        counter.Add(-(long)_positions * RowFloats * sizeof(float));
        NativeMemory.AlignedFree(_table);
        _table = null;
        _positions = 0;
    }
}
