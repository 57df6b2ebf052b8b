namespace LlamaEngine.Backends.Cuda.Interop;

/// <summary>A mark in a stream, to be waited for by the host or by another stream.</summary>
internal sealed unsafe class CudaEvent : IDisposable
{
    private const uint DisableTiming = 2;

    private readonly CudaContext _context;
    private nint _handle;

    /// <summary>Makes one; nothing is recorded yet, and waiting for it returns at once.</summary>
    /// <param name="timing">Whether the time between two is wanted; it costs a little.</param>
    public CudaEvent(CudaContext context, bool timing = false)
    {
        _context = context;
        context.MakeCurrent();
        nint handle;
        CudaStatus.Check(NativeMethods.EventCreate(&handle, timing ? 0 : DisableTiming), "cuEventCreate");
        _handle = handle;
    }

    /// <summary>Whether everything before the mark is done.</summary>
    public bool IsReached
    {
        get
        {
            _context.MakeCurrent();
            int status = NativeMethods.EventQuery(Handle);
            if (status != CudaStatus.NotReady)
                CudaStatus.Check(status, "cuEventQuery");
            return status == 0;
        }
    }

    internal nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            return _handle;
        }
    }

    /// <summary>Waits until everything before the mark is done.</summary>
    public void Synchronize()
    {
        _context.MakeCurrent();
        CudaStatus.Check(NativeMethods.EventSynchronize(Handle), "cuEventSynchronize");
    }

    /// <summary>The same, whatever became of the work: before memory is freed that it used.</summary>
    public void Settle()
    {
        _context.TryMakeCurrent();
        _ = NativeMethods.EventSynchronize(Handle);
    }

    /// <summary>Milliseconds from <paramref name="start"/> to this; both must be reached, and made with timing.</summary>
    public float MillisecondsSince(CudaEvent start)
    {
        _context.MakeCurrent();
        float milliseconds;
        CudaStatus.Check(NativeMethods.EventElapsedTime(&milliseconds, start.Handle, Handle), "cuEventElapsedTime");
        return milliseconds;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_handle == 0)
            return;
        _context.TryMakeCurrent();
        _ = NativeMethods.EventDestroy(_handle);
        _handle = 0;
    }
}
