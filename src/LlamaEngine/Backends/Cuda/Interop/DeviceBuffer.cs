namespace LlamaEngine.Backends.Cuda.Interop;

/// <summary>Memory on a device, undefined until written.</summary>
internal sealed unsafe class DeviceBuffer : IDisposable
{
    private readonly CudaContext _context;
    private ulong _address;

    /// <summary>Takes memory.</summary>
    /// <exception cref="InsufficientDeviceMemoryException">There is not enough left.</exception>
    public DeviceBuffer(CudaContext context, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        _context = context;
        Bytes = bytes;
        context.MakeCurrent();
        ulong address;
        int status = NativeMethods.MemoryAllocate(&address, (nuint)bytes);
        if (status == CudaStatus.OutOfMemory)
            throw new InsufficientDeviceMemoryException(bytes, context.Memory().Free, Remedy);
        CudaStatus.Check(status, "cuMemAlloc_v2");
        _address = address;
        context.Count(bytes);
    }

    /// <summary>Its first byte, at least 256-byte aligned.</summary>
    public ulong Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(_address == 0, this);
            return _address;
        }
    }

    /// <summary>Its size.</summary>
    public long Bytes { get; }

    private static string Remedy =>
        "This is memory of the device: lower EngineOptions.ContextLength, KvCacheTokens or MaxBatchTokens, choose a smaller model or weight type, "
        + "or end what else uses the device.";

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_address == 0)
            return;
        _context.TryMakeCurrent();
        _ = NativeMethods.MemoryFree(_address);
        _address = 0;
        _context.Count(-Bytes);
    }
}
