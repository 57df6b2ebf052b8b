using System.Text;

namespace LlamaEngine.Backends.Cuda.Interop;

/// <summary>Code on a device, compiled by the driver from PTX.</summary>
internal sealed unsafe class CudaModule : IDisposable
{
    // CUjit_option.
    private const int ErrorLogBuffer = 5, ErrorLogBufferBytes = 6;

    private readonly CudaContext _context;
    private nint _handle;

    private CudaModule(CudaContext context, nint handle)
    {
        _context = context;
        _handle = handle;
    }

    /// <summary>Loads PTX; the driver compiles it, or finds it in its cache.</summary>
    /// <exception cref="CudaException">The driver refuses the code; the message has its log.</exception>
    public static CudaModule Load(CudaContext context, ReadOnlySpan<byte> ptx)
    {
        context.MakeCurrent();
        byte[] image = new byte[ptx.Length + 1]; // The driver looks for the closing 0.
        ptx.CopyTo(image);
        const int LogBytes = 8192;
        byte* log = stackalloc byte[LogBytes];
        log[0] = 0;
        int* options = stackalloc int[2] { ErrorLogBuffer, ErrorLogBufferBytes };
        void** values = stackalloc void*[2] { log, (void*)LogBytes };
        nint handle;
        fixed (byte* text = image)
        {
            int status = NativeMethods.ModuleLoad(&handle, text, 2, options, values);
            log[LogBytes - 1] = 0;
            if (status != 0)
                throw CudaStatus.Exception(status, "cuModuleLoadDataEx", CudaDriver.Text(log));
        }
        return new CudaModule(context, handle);
    }

    /// <summary>A kernel by name.</summary>
    /// <exception cref="CudaException">There is none of this name.</exception>
    public CudaKernel GetKernel(string name)
    {
        _context.MakeCurrent();
        nint function;
        fixed (byte* text = Encoding.UTF8.GetBytes(name + '\0'))
        {
            int status = NativeMethods.ModuleGetFunction(&function, _handle, text);
            if (status != 0)
                throw CudaStatus.Exception(status, "cuModuleGetFunction", $"The kernel asked for is '{name}'.");
        }
        return new CudaKernel(_context, name, function);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_handle == 0)
            return;
        _context.TryMakeCurrent();
        _ = NativeMethods.ModuleUnload(_handle);
        _handle = 0;
    }
}

/// <summary>A kernel of a module; it lives as long as that.</summary>
internal sealed unsafe class CudaKernel
{
    // CUfunction_attribute.
    private const int MaxThreadsPerBlock = 0, RegistersPerThread = 4, MaxDynamicSharedBytes = 8;

    private readonly CudaContext _context;

    internal CudaKernel(CudaContext context, string name, nint function)
    {
        _context = context;
        Name = name;
        Function = function;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>Most threads a block of it may have.</summary>
    public int MaxThreads => Attribute(MaxThreadsPerBlock);

    /// <summary>Registers a thread takes.</summary>
    public int Registers => Attribute(RegistersPerThread);

    internal nint Function { get; }

    /// <summary>Lets it be launched with up to so many bytes of dynamic shared memory; more than 48 KiB must be asked for.</summary>
    public void AllowSharedBytes(int bytes)
    {
        _context.MakeCurrent();
        int status = NativeMethods.FunctionSetAttribute(Function, MaxDynamicSharedBytes, bytes);
        if (status != 0)
            throw CudaStatus.Exception(status, "cuFuncSetAttribute", $"Kernel '{Name}' was to have {bytes:N0} bytes of shared memory.");
    }

    private int Attribute(int attribute)
    {
        _context.MakeCurrent();
        int value;
        CudaStatus.Check(NativeMethods.FunctionGetAttribute(&value, attribute, Function), "cuFuncGetAttribute");
        return value;
    }
}
