using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Formats;
using LlamaEngine.Formats.Quantization;

namespace LlamaEngine.Backends.Cuda.Loading;

/// <summary>Brings weights to the device, stored as in the file; a tensor that is asked for twice is there once.</summary>
internal sealed unsafe class CudaWeightLoader(CudaContext context, KernelSet kernels, UploadRing uploads)
{
    private readonly Dictionary<nint, SharedMatrix> _byData = [];
    private readonly Dictionary<TensorType, LinearKernels> _kernels = [];

    /// <summary>Most inputs that a linear layer had.</summary>
    public int WidestInput { get; private set; }

    /// <summary>See <see cref="IBackend.LoadLinear"/>.</summary>
    public CudaLinearWeight LoadLinear(ReadOnlySpan<TensorData> weights, ReadOnlySpan<TensorData> biases, CancellationToken cancellation)
    {
        foreach (TensorData weight in weights)
            ArgumentOutOfRangeException.ThrowIfNotEqual(weight.Columns, weights[0].Columns, nameof(weights));
        WidestInput = Math.Max(WidestInput, weights[0].Columns);
        var segments = new List<CudaLinearSegment>();
        try
        {
            int outputs = 0;
            for (int first = 0, end; first < weights.Length; first = end)
            {
                end = first + 1;
                while (end < weights.Length && weights[end].Type == weights[first].Type)
                    end++;
                segments.Add(LoadSegment(weights[first..end], outputs, cancellation));
                outputs = checked(outputs + segments[^1].Outputs);
            }
            return new CudaLinearWeight(weights[0].Columns, outputs, [.. segments], LoadBiases(weights, biases, outputs));
        }
        catch
        {
            uploads.Abandon();
            segments.ForEach(segment => segment.Matrix.Dispose());
            throw;
        }
    }

    /// <summary>See <see cref="IBackend.LoadVector"/>.</summary>
    public CudaVector LoadVector(TensorData vector)
    {
        float[] values = new float[vector.Columns];
        fixed (float* destination = values)
            BlockCodec.Decode(vector.Type, vector.Data, destination, values.Length);
        return new CudaVector(values.Length, UploadFloats(values));
    }

    /// <summary>See <see cref="IBackend.LoadEmbedding"/>.</summary>
    public CudaEmbedding LoadEmbedding(TensorData table)
    {
        LinearKernels found = KernelsFor(table.Type);
        return new CudaEmbedding(table.Rows, table.Columns, Matrix([table], CancellationToken.None), found);
    }

    private CudaLinearSegment LoadSegment(ReadOnlySpan<TensorData> weights, int firstOutput, CancellationToken cancellation)
    {
        LinearKernels found = KernelsFor(weights[0].Type);
        int outputs = 0;
        foreach (TensorData weight in weights)
            outputs = checked(outputs + weight.Rows);
        return new CudaLinearSegment(Matrix(weights, cancellation), found, firstOutput, outputs);
    }

    // Parts of one type stand one below the other, as one matrix.
    private SharedMatrix Matrix(ReadOnlySpan<TensorData> parts, CancellationToken cancellation)
    {
        nint data = (nint)parts[0].Data;
        long bytes = 0;
        foreach (TensorData part in parts)
            bytes = checked(bytes + part.Rows * part.RowBytes);
        if (parts.Length == 1 && _byData.TryGetValue(data, out SharedMatrix? known) && known.Bytes == bytes)
            return known.Share();
        cancellation.ThrowIfCancellationRequested();
        var matrix = new SharedMatrix(context, bytes, Forget);
        try
        {
            ulong next = matrix.Address;
            foreach (TensorData part in parts)
            {
                long partBytes = part.Rows * part.RowBytes;
                uploads.Append(next, part.Data, partBytes, cancellation);
                next += (ulong)partBytes;
            }
            uploads.Flush();
        }
        catch
        {
            uploads.Abandon();
            matrix.Dispose();
            throw;
        }
        if (parts.Length == 1)
            _byData[data] = matrix;
        return matrix;
    }

    private void Forget(SharedMatrix matrix)
    {
        foreach ((nint data, SharedMatrix known) in _byData)
        {
            if (known == matrix)
            {
                _byData.Remove(data);
                return;
            }
        }
    }

    // One vector for all outputs, with zeros where a part has no bias.
    private DeviceBuffer? LoadBiases(ReadOnlySpan<TensorData> weights, ReadOnlySpan<TensorData> biases, int outputs)
    {
        bool any = false;
        foreach (TensorData bias in biases)
            any |= bias.Data != null;
        if (!any)
            return null;
        float[] joined = new float[outputs];
        fixed (float* destination = joined)
        {
            for (int i = 0, first = 0; i < weights.Length; first += weights[i++].Rows)
            {
                if (biases[i].Data != null)
                    BlockCodec.Decode(biases[i].Type, biases[i].Data, destination + first, weights[i].Rows);
            }
        }
        return UploadFloats(joined);
    }

    private DeviceBuffer UploadFloats(float[] values)
    {
        var buffer = new DeviceBuffer(context, Math.Max(1, (long)values.Length * sizeof(float)));
        try
        {
            fixed (float* source = values)
                uploads.Upload(buffer.Address, (byte*)source, (long)values.Length * sizeof(float));
            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }

    private LinearKernels KernelsFor(TensorType type)
    {
        if (_kernels.TryGetValue(type, out LinearKernels? found))
            return found;
        try
        {
            found = LinearKernels.Resolve(kernels, type);
        }
        catch (CudaException exception) when (exception.Code == CudaStatus.NotFound)
        {
            throw new UnsupportedModelException($"weights of type {type} on CUDA devices", $"types that {kernels.Target} has kernels for");
        }
        _kernels.Add(type, found);
        return found;
    }
}
