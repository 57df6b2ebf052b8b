using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;

namespace LlamaEngine.Tests.Backends.Cuda;

/// <summary>A device with our kernels, for tests of single kernels: upload, launch, download.</summary>
/// <remarks>
/// The software device finds every access outside a buffer. On silicon buffers lie between guards instead, which are looked at
/// after each launch: that finds writes near by.
/// </remarks>
internal sealed unsafe class KernelBench : IDisposable
{
    private readonly List<BenchBuffer> _buffers = [];

    private KernelBench()
    {
        Context = CudaContext.Open(0);
        Stream = new CudaStream(Context);
        Kernels = KernelSet.Load(Context);
    }

    public CudaContext Context { get; }

    public CudaStream Stream { get; }

    public KernelSet Kernels { get; }

    /// <summary>Opens the first device; skips the running test, with the reason, where there is none or no kernels.</summary>
    public static KernelBench Open()
    {
        SkipWithoutDevice();
        if (!KernelSet.AreEmbedded)
            Assert.Skip("needs kernels: this build has no PTX embedded (./build.sh native makes it)");
        return new KernelBench();
    }

    /// <summary>Skips the running test where there is no CUDA device, of silicon or software.</summary>
    public static void SkipWithoutDevice()
    {
        if (CudaDriver.Problem is { } problem)
            Assert.Skip($"needs a CUDA device or {SoftwareDevice.Library}: {problem}");
        if (CudaDriver.DeviceCount == 0)
            Assert.Skip("needs a CUDA device: the driver shows none");
    }

    /// <summary>A buffer with these values.</summary>
    public BenchBuffer Upload<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        BenchBuffer buffer = Allocate(Math.Max(1, (long)values.Length * sizeof(T)));
        fixed (T* source = values)
        {
            if (values.Length > 0)
                Stream.CopyToDevice(buffer.Address, source, (long)values.Length * sizeof(T));
            Stream.Synchronize();
        }
        return buffer;
    }

    /// <summary>A buffer with these values.</summary>
    public BenchBuffer Upload<T>(T[] values) where T : unmanaged => Upload<T>(values.AsSpan());

    /// <summary>A buffer full of 0xFF bytes: NaN, where it is read as floats.</summary>
    public BenchBuffer Allocate(long bytes)
    {
        BenchBuffer buffer = new(Context, Stream, bytes);
        _buffers.Add(buffer);
        return buffer;
    }

    /// <summary>Runs a kernel to its end.</summary>
    public void Launch<TArguments>(string name, in TArguments arguments, Grid grid, int threads, int sharedBytes = 0)
        where TArguments : unmanaged
    {
        CudaKernel kernel = Kernels.Get(name);
        if (sharedBytes > 48 * 1024)
            kernel.AllowSharedBytes(sharedBytes);
        Stream.Launch(kernel, arguments, grid, threads, sharedBytes);
        Finish();
    }

    /// <summary>Waits for what was launched on <see cref="Stream"/>, and looks at the guards.</summary>
    public void Finish()
    {
        Stream.Synchronize();
        foreach (BenchBuffer buffer in _buffers)
            buffer.CheckGuards();
    }

    /// <summary>The first values of a buffer.</summary>
    public T[] Download<T>(BenchBuffer buffer, int count) where T : unmanaged
    {
        Assert.True((long)count * sizeof(T) <= buffer.Bytes);
        T[] values = new T[count];
        fixed (T* destination = values)
        {
            if (count > 0)
                Stream.CopyToHost(destination, buffer.Address, (long)count * sizeof(T));
            Stream.Synchronize();
        }
        return values;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (BenchBuffer buffer in _buffers)
            buffer.Dispose();
        Stream.Dispose();
        Kernels.Dispose();
        Context.Dispose();
    }
}

/// <summary>Device memory of a <see cref="KernelBench"/>.</summary>
internal sealed unsafe class BenchBuffer : IDisposable
{
    private const int GuardBytes = 256;
    private const byte Guard = 0xA5, Poison = 0xFF;

    private readonly CudaStream _stream;
    private readonly DeviceBuffer _memory;
    private readonly int _guardBytes = CudaDriver.IsSoftware ? 0 : GuardBytes;

    public BenchBuffer(CudaContext context, CudaStream stream, long bytes)
    {
        _stream = stream;
        Bytes = bytes;
        _memory = new DeviceBuffer(context, bytes + 2 * _guardBytes);
        if (_guardBytes > 0)
            stream.Fill(_memory.Address, Guard, _memory.Bytes);
        stream.Fill(Address, Poison, bytes);
    }

    /// <summary>Its first byte, 256-byte aligned.</summary>
    public ulong Address => _memory.Address + (ulong)_guardBytes;

    /// <summary>Its size.</summary>
    public long Bytes { get; }

    public static implicit operator ulong(BenchBuffer buffer) => buffer.Address;

    public void Dispose() => _memory.Dispose();

    /// <summary>Nothing was written beside it.</summary>
    public void CheckGuards()
    {
        if (_guardBytes == 0)
            return;
        byte[] guards = new byte[2 * GuardBytes];
        fixed (byte* first = guards)
        {
            _stream.CopyToHost(first, _memory.Address, GuardBytes);
            _stream.CopyToHost(first + GuardBytes, Address + (ulong)Bytes, GuardBytes);
            _stream.Synchronize();
        }
        Assert.False(guards.AsSpan().ContainsAnyExcept(Guard), "a kernel wrote outside its buffer");
    }
}
