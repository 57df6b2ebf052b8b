using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Loading;
using LlamaEngine.Models;

namespace LlamaEngine.Backends.Cuda;

/// <summary>Cosine and sine of every pair at every position there will be: [positions][dimension / 2] of (cosine, sine).</summary>
internal sealed unsafe class CudaRopeTable : RopeTable
{
    private readonly DeviceBuffer _buffer;

    /// <summary>Computes the table and uploads it.</summary>
    public CudaRopeTable(CudaContext context, UploadRing uploads, RopeConfiguration configuration, int positions)
    {
        Dimension = configuration.Dimension;
        Interleaved = configuration.Layout == RopeLayout.Interleaved;
        Positions = positions;
        RopeFrequencies frequencies = RopeFrequencies.Compute(configuration);
        int rowFloats = frequencies.Inverse.Length * 2;
        _buffer = new DeviceBuffer(context, Math.Max(1, (long)positions * rowFloats * sizeof(float)));
        try
        {
            float[] row = new float[rowFloats];
            fixed (float* source = row)
            {
                for (int position = 0; position < positions && rowFloats > 0; position++)
                {
                    Fill(row, position, frequencies);
                    uploads.Append(_buffer.Address + (ulong)((long)position * rowFloats * sizeof(float)), (byte*)source, (long)rowFloats * sizeof(float));
                }
            }
            uploads.Flush();
        }
        catch
        {
            _buffer.Dispose();
            throw;
        }
    }

    /// <summary>Values of a head that are rotated.</summary>
    public int Dimension { get; }

    /// <summary>How values are paired.</summary>
    public bool Interleaved { get; }

    /// <summary>Positions it has.</summary>
    public int Positions { get; }

    /// <summary>First position.</summary>
    public ulong Address => _buffer.Address;

    /// <inheritdoc/>
    public override void Dispose() => _buffer.Dispose();

    private static void Fill(Span<float> row, int position, RopeFrequencies frequencies)
    {
        for (int i = 0; i < frequencies.Inverse.Length; i++)
        {
            (double sine, double cosine) = Math.SinCos(position * frequencies.Inverse[i]);
            row[2 * i] = (float)(cosine * frequencies.Magnitude);
            row[2 * i + 1] = (float)(sine * frequencies.Magnitude);
        }
    }
}
