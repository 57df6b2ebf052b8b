namespace LlamaEngine.Backends.Cuda.Interop;

/// <summary>Work that was recorded once and is launched as one: kernels with their arguments, copies, fills.</summary>
internal sealed unsafe class CudaGraph : IDisposable
{
    private readonly CudaContext _context;
    private nint _executable;

    private CudaGraph(CudaContext context, nint executable)
    {
        _context = context;
        _executable = executable;
    }

    internal nint Executable
    {
        get
        {
            ObjectDisposedException.ThrowIf(_executable == 0, this);
            return _executable;
        }
    }

    /// <summary>Makes a recording launchable; the recording itself is freed.</summary>
    internal static CudaGraph Instantiate(CudaContext context, nint recording)
    {
        nint executable;
        int status = NativeMethods.GraphInstantiate(&executable, recording, 0);
        _ = NativeMethods.GraphDestroy(recording);
        CudaStatus.Check(status, "cuGraphInstantiateWithFlags");
        return new CudaGraph(context, executable);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_executable == 0)
            return;
        _context.TryMakeCurrent();
        _ = NativeMethods.GraphExecutableDestroy(_executable);
        _executable = 0;
    }
}
