namespace LlamaEngine.Backends.Cuda.Interop;

/// <summary>A queue of work on a device: what is enqueued runs in this order, beside the host and other streams.</summary>
/// <remarks>Calls come from one thread at a time. Enqueuing allocates nothing.</remarks>
internal sealed unsafe class CudaStream : IDisposable
{
    // CU_STREAM_NON_BLOCKING: independent of what the host program does on the default stream.
    private const uint NonBlocking = 1;

    // CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: what other threads do meanwhile does not disturb.
    private const int ThreadLocalCapture = 1;

    private nint _handle;

    /// <summary>Makes a stream.</summary>
    public CudaStream(CudaContext context)
    {
        Context = context;
        context.MakeCurrent();
        nint handle;
        CudaStatus.Check(NativeMethods.StreamCreate(&handle, NonBlocking), "cuStreamCreate");
        _handle = handle;
    }

    /// <summary>The context it belongs to.</summary>
    public CudaContext Context { get; }

    /// <summary>The driver's handle, for other libraries that enqueue work.</summary>
    internal nint Handle
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle == 0, this);
            Context.MakeCurrent();
            return _handle;
        }
    }

    /// <summary>Enqueues a kernel.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="arguments">Its one argument, which is copied.</param>
    /// <param name="grid">How many blocks; none of the numbers may be 0.</param>
    /// <param name="threads">Threads of a block.</param>
    /// <param name="sharedBytes">Dynamic shared memory of a block.</param>
    public void Launch<TArguments>(CudaKernel kernel, in TArguments arguments, Grid grid, int threads, int sharedBytes = 0)
        where TArguments : unmanaged
    {
        nint stream = Handle;
        fixed (TArguments* argument = &arguments)
        {
            void* parameter = argument;
            int status = NativeMethods.LaunchKernel(
                kernel.Function, (uint)grid.X, (uint)grid.Y, (uint)grid.Z, (uint)threads, 1, 1, (uint)sharedBytes, stream, &parameter, null);
            if (status != 0)
                ThrowLaunch(status, kernel.Name, grid, threads, sharedBytes);
        }
    }

    /// <summary>Launches a graph.</summary>
    public void Launch(CudaGraph graph) => CudaStatus.Check(NativeMethods.GraphLaunch(graph.Executable, Handle), "cuGraphLaunch");

    /// <summary>Enqueues a copy from the host; from pinned memory the host may not touch it before the copy is done.</summary>
    public void CopyToDevice(ulong destination, void* source, long bytes) =>
        CudaStatus.Check(NativeMethods.CopyToDevice(destination, source, (nuint)bytes, Handle), "cuMemcpyHtoDAsync_v2");

    /// <summary>Enqueues a copy to the host.</summary>
    public void CopyToHost(void* destination, ulong source, long bytes) =>
        CudaStatus.Check(NativeMethods.CopyToHost(destination, source, (nuint)bytes, Handle), "cuMemcpyDtoHAsync_v2");

    /// <summary>Enqueues a copy on the device.</summary>
    public void CopyOnDevice(ulong destination, ulong source, long bytes) =>
        CudaStatus.Check(NativeMethods.CopyOnDevice(destination, source, (nuint)bytes, Handle), "cuMemcpyDtoDAsync_v2");

    /// <summary>Enqueues filling with one byte.</summary>
    public void Fill(ulong destination, byte value, long bytes) =>
        CudaStatus.Check(NativeMethods.FillBytes(destination, value, (nuint)bytes, Handle), "cuMemsetD8Async");

    /// <summary>Enqueues filling with one 32-bit word.</summary>
    public void FillWords(ulong destination, uint value, long words) =>
        CudaStatus.Check(NativeMethods.FillWords(destination, value, (nuint)words, Handle), "cuMemsetD32Async");

    /// <summary>Sets a mark behind what is enqueued now.</summary>
    public void Record(CudaEvent mark) => CudaStatus.Check(NativeMethods.EventRecord(mark.Handle, Handle), "cuEventRecord");

    /// <summary>Has what is enqueued from now on wait for a mark of another stream.</summary>
    public void Wait(CudaEvent mark) => CudaStatus.Check(NativeMethods.StreamWaitEvent(Handle, mark.Handle, 0), "cuStreamWaitEvent");

    /// <summary>Waits for everything that is enqueued.</summary>
    public void Synchronize() => CudaStatus.Check(NativeMethods.StreamSynchronize(Handle), "cuStreamSynchronize");

    /// <summary>The same, whatever became of the work: before memory is freed that it used.</summary>
    public void Settle()
    {
        Context.TryMakeCurrent();
        _ = NativeMethods.StreamSynchronize(_handle);
    }

    /// <summary>From now on work is recorded instead of run.</summary>
    public void BeginCapture() => CudaStatus.Check(NativeMethods.StreamBeginCapture(Handle, ThreadLocalCapture), "cuStreamBeginCapture_v2");

    /// <summary>Ends recording and gives what was recorded.</summary>
    public CudaGraph EndCapture()
    {
        nint recording;
        CudaStatus.Check(NativeMethods.StreamEndCapture(Handle, &recording), "cuStreamEndCapture");
        return CudaGraph.Instantiate(Context, recording);
    }

    /// <summary>Ends recording and forgets what was recorded: after an error.</summary>
    public void AbandonCapture()
    {
        nint recording = 0;
        Context.TryMakeCurrent();
        if (NativeMethods.StreamEndCapture(_handle, &recording) == 0 && recording != 0)
            _ = NativeMethods.GraphDestroy(recording);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_handle == 0)
            return;
        Context.TryMakeCurrent();
        _ = NativeMethods.StreamDestroy(_handle);
        _handle = 0;
    }

    private static void ThrowLaunch(int status, string kernel, Grid grid, int threads, int sharedBytes) => throw CudaStatus.Exception(
        status, "cuLaunchKernel", $"The kernel was '{kernel}' with {grid.X} × {grid.Y} × {grid.Z} blocks of {threads} threads and {sharedBytes:N0} bytes of shared memory.");
}

/// <summary>Blocks of a launch.</summary>
internal readonly record struct Grid(int X, int Y = 1, int Z = 1);
