using LlamaEngine.Backends.Cuda.Interop;
using LlamaEngine.Backends.Cuda.Kernels;
using LlamaEngine.Formats;

namespace LlamaEngine.Benchmarks.Gpu;

/// <summary>The first device with our kernels: makes buffers, runs work on them and times it with events.</summary>
internal sealed unsafe class GpuRig : IDisposable
{
    // Buffers that are used in turn make up so much: several times any second-level cache, so that each use finds its data in memory.
    private const long RotatedBytes = 512L << 20;

    // Content is made once in pieces of this size and repeated. It is random: products of constants need less power and run faster.
    private const int PatternBytes = 4 << 20, QuickPatternBytes = 64 << 10;

    private const int Samples = 15, LaunchesAtLeast = 8, LaunchesAtMost = 64;

    private readonly List<IDisposable> _owned = [];
    private readonly Dictionary<TensorType, DeviceBuffer> _patterns = [];
    private readonly CudaEvent _start, _end;

    public GpuRig(bool quick)
    {
        Quick = quick;
        Context = CudaContext.Open(0);
        Stream = new CudaStream(Context);
        Kernels = KernelSet.Load(Context);
        (_start, _end) = (new CudaEvent(Context, timing: true), new CudaEvent(Context, timing: true));
    }

    public bool Quick { get; }

    public CudaContext Context { get; }

    public CudaStream Stream { get; }

    public KernelSet Kernels { get; }

    /// <summary>How many buffers of this size are used in turn.</summary>
    public int RotationsOf(long bytes) => Quick ? 1 : (int)Math.Clamp(RotatedBytes / Math.Max(bytes, 1), 1, LaunchesAtMost);

    /// <summary>Memory with whole blocks of a type, mean 0; freed by <see cref="Free"/>.</summary>
    public ulong Allocate(long bytes, TensorType type)
    {
        DeviceBuffer buffer = new(Context, bytes), pattern = PatternOf(type);
        _owned.Add(buffer);
        Stream.CopyOnDevice(buffer.Address, pattern.Address, Math.Min(bytes, pattern.Bytes));
        for (long done = pattern.Bytes; done < bytes; done += Math.Min(done, bytes - done))
            Stream.CopyOnDevice(buffer.Address + (ulong)done, buffer.Address, Math.Min(done, bytes - done));
        Stream.Synchronize();
        return buffer.Address;
    }

    /// <summary>As many such buffers of equal size as are to be used in turn.</summary>
    public ulong[] AllocateRotated(long bytes, TensorType type)
    {
        int count = RotationsOf(bytes);
        long granule = 256L * type.BytesPerBlock(), stride = (bytes + granule - 1) / granule * granule;
        ulong first = Allocate(count * stride, type);
        return [.. Enumerable.Range(0, count).Select(i => first + (ulong)(i * stride))];
    }

    /// <summary>Memory with these values; freed by <see cref="Free"/>.</summary>
    public ulong Upload<T>(ReadOnlySpan<T> values) where T : unmanaged
    {
        DeviceBuffer buffer = new(Context, (long)values.Length * sizeof(T));
        _owned.Add(buffer);
        CopyFrom(values, buffer);
        return buffer.Address;
    }

    /// <summary>Frees the buffers.</summary>
    public void Free()
    {
        _owned.ForEach(buffer => buffer.Dispose());
        _owned.Clear();
    }

    /// <summary>Seconds of one launch: many are recorded as a graph, as decoding does, so that the host takes no part.</summary>
    /// <param name="rotations">Sets of buffers.</param>
    /// <param name="launch">Enqueues the work on one of them.</param>
    public double Time(int rotations, Action<int> launch)
    {
        int launches = Quick ? 1 : Math.Max(rotations, LaunchesAtLeast);
        launch(0); // kernels are loaded at their first use, which cannot be recorded
        Stream.Synchronize();
        Stream.BeginCapture();
        for (int i = 0; i < launches; i++)
            launch(i % rotations);
        using CudaGraph graph = Stream.EndCapture();
        return TimeDirectly(() => Stream.Launch(graph)) / launches;
    }

    /// <summary>Seconds of one run that is enqueued by itself; the median of several.</summary>
    public double TimeDirectly(Action run)
    {
        run();
        double[] seconds = new double[Quick ? 1 : Samples];
        for (int i = 0; i < seconds.Length; i++)
        {
            Stream.Record(_start);
            run();
            Stream.Record(_end);
            _end.Synchronize();
            // Events count in steps of 0.5 us; 0 would divide.
            seconds[i] = Math.Max(_end.MillisecondsSince(_start) / 1e3, 1e-9);
        }
        Array.Sort(seconds);
        return seconds[seconds.Length / 2];
    }

    private DeviceBuffer PatternOf(TensorType type)
    {
        if (_patterns.TryGetValue(type, out DeviceBuffer? known))
            return known;
        int block = type.BytesPerBlock();
        byte[] blocks = new byte[(Quick ? QuickPatternBytes : PatternBytes) / block * block];
        SyntheticBlocks.Fill(type, blocks, 0.05f, seed: 1);
        DeviceBuffer pattern = _patterns[type] = new DeviceBuffer(Context, blocks.Length);
        CopyFrom<byte>(blocks, pattern);
        return pattern;
    }

    private void CopyFrom<T>(ReadOnlySpan<T> values, DeviceBuffer buffer) where T : unmanaged
    {
        fixed (T* source = values)
        {
            Stream.CopyToDevice(buffer.Address, source, (long)values.Length * sizeof(T));
            Stream.Synchronize();
        }
    }

    public void Dispose()
    {
        Free();
        foreach (DeviceBuffer pattern in _patterns.Values)
            pattern.Dispose();
        _start.Dispose();
        _end.Dispose();
        Kernels.Dispose();
        Stream.Dispose();
        Context.Dispose();
    }
}
