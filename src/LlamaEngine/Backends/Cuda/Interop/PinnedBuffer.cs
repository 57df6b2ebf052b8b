namespace LlamaEngine.Backends.Cuda.Interop;

/// <summary>Memory of the host that the device reads and writes directly, so that copies run beside other work.</summary>
internal sealed unsafe class PinnedBuffer : IDisposable
{
    private readonly CudaContext _context;
    private byte* _data;

    /// <summary>Takes memory.</summary>
    public PinnedBuffer(CudaContext context, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        _context = context;
        Bytes = bytes;
        context.MakeCurrent();
        void* data;
        int status = NativeMethods.HostAllocate(&data, (nuint)bytes, 0);
        if (status != 0)
            throw CudaStatus.Exception(status, "cuMemHostAlloc", $"{bytes:N0} bytes of pinned host memory were asked for.");
        _data = (byte*)data;
        context.Count(bytes);
    }

    /// <summary>Its first byte, page aligned.</summary>
    public byte* Data
    {
        get
        {
            ObjectDisposedException.ThrowIf(_data == null, this);
            return _data;
        }
    }

    /// <summary>Its size.</summary>
    public long Bytes { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_data == null)
            return;
        _context.TryMakeCurrent();
        _ = NativeMethods.HostFree(_data);
        _data = null;
        _context.Count(-Bytes);
    }
}
