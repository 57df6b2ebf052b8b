namespace LlamaEngine.Backends.Cuda.Interop;

/// <summary>A device's primary context, which all CUDA code of a process shares; everything made on the device belongs to it.</summary>
/// <remarks>
/// The driver keeps a current context per thread. Whoever calls the driver makes it current first: the objects of this namespace do
/// so themselves, because the host program may run other CUDA code on the same threads.
/// </remarks>
internal sealed unsafe class CudaContext : IDisposable
{
    private readonly nint _handle;
    private long _bytesHeld;
    private bool _disposed;

    private CudaContext(CudaDevice device, nint handle)
    {
        Device = device;
        _handle = handle;
    }

    /// <summary>The device.</summary>
    public CudaDevice Device { get; }

    /// <summary>Bytes of device memory and of pinned memory that were taken through this object and not given back.</summary>
    public long BytesHeld => Interlocked.Read(ref _bytesHeld);

    /// <summary>Retains the context of a device.</summary>
    /// <exception cref="DeviceUnavailableException">There is no driver, or no such device.</exception>
    public static CudaContext Open(int ordinal)
    {
        CudaDevice device = CudaDevice.Get(ordinal);
        nint handle;
        CudaStatus.Check(NativeMethods.PrimaryContextRetain(&handle, device.Handle), "cuDevicePrimaryCtxRetain");
        return new CudaContext(device, handle);
    }

    /// <summary>Makes it the calling thread's.</summary>
    public void MakeCurrent()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CudaStatus.Check(NativeMethods.ContextSetCurrent(_handle), "cuCtxSetCurrent");
    }

    /// <summary>The same where an error would hide another: when things are disposed, perhaps after a failure of the device.</summary>
    public void TryMakeCurrent() => _ = NativeMethods.ContextSetCurrent(_handle);

    /// <summary>Bytes of device memory that are free, and all there are.</summary>
    public (long Free, long Total) Memory()
    {
        MakeCurrent();
        nuint free, total;
        CudaStatus.Check(NativeMethods.MemoryGetInfo(&free, &total), "cuMemGetInfo_v2");
        return ((long)free, (long)total);
    }

    internal void Count(long bytes) => Interlocked.Add(ref _bytesHeld, bytes);

    /// <summary>Waits for all work on the device.</summary>
    public void Synchronize()
    {
        MakeCurrent();
        CudaStatus.Check(NativeMethods.ContextSynchronize(), "cuCtxSynchronize");
    }

    /// <summary>Gives the context back; everything made in it must be disposed before.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        // The thread must not keep a context that may be gone.
        _ = NativeMethods.ContextSetCurrent(0);
        _disposed = true;
        _ = NativeMethods.PrimaryContextRelease(Device.Handle);
    }
}
