using LlamaEngine.Backends.Cuda.Interop;

namespace LlamaEngine.Backends.Cuda;

/// <summary>Memory that an operation needs beside its operands: grows to the largest need and stays.</summary>
/// <param name="context">Where.</param>
/// <param name="beforeMoving">Called before memory that may be in use is given back.</param>
internal sealed class ScratchBuffer(CudaContext context, Action beforeMoving) : IDisposable
{
    private DeviceBuffer? _buffer;

    /// <summary>So many bytes; what stood there before is lost if they are more than ever.</summary>
    public ulong Ensure(long bytes)
    {
        if (_buffer is null || _buffer.Bytes < bytes)
        {
            if (_buffer is not null)
                beforeMoving();
            _buffer?.Dispose();
            _buffer = null;
            _buffer = new DeviceBuffer(context, Math.Max(bytes, 1));
        }
        return _buffer.Address;
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer?.Dispose();
}
