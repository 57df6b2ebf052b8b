namespace LlamaEngine.Backends.Cuda.Interop;

/// <summary>A device as the driver describes it.</summary>
internal sealed unsafe class CudaDevice
{
    private const int MultiprocessorCount = 16, MaxSharedMemoryOptIn = 97, ComputeMajor = 75, ComputeMinor = 76;

    private CudaDevice(int ordinal, int handle)
    {
        Ordinal = ordinal;
        Handle = handle;
        const int Room = 256;
        byte* text = stackalloc byte[Room];
        CudaStatus.Check(NativeMethods.DeviceGetName(text, Room, handle), "cuDeviceGetName");
        Name = CudaDriver.Text(text);
        CudaStatus.Check(NativeMethods.DeviceGetPciBusId(text, Room, handle), "cuDeviceGetPCIBusId");
        PciBusId = CudaDriver.Text(text);
        CudaStatus.Check(NativeMethods.DeviceGetUuid(text, handle), "cuDeviceGetUuid_v2");
        Uuid = new Guid(new ReadOnlySpan<byte>(text, 16), bigEndian: true);
        nuint bytes;
        CudaStatus.Check(NativeMethods.DeviceTotalMemory(&bytes, handle), "cuDeviceTotalMem_v2");
        MemoryBytes = (long)bytes;
        ComputeCapability = new Version(Attribute(ComputeMajor), Attribute(ComputeMinor));
        Multiprocessors = Attribute(MultiprocessorCount);
        SharedBytesPerBlock = Attribute(MaxSharedMemoryOptIn);
    }

    /// <summary>Its number among those the driver shows to this process.</summary>
    public int Ordinal { get; }

    /// <summary>What the driver calls it.</summary>
    public string Name { get; }

    /// <summary>Its identity; <c>GPU-</c> and this is how tools write it.</summary>
    public Guid Uuid { get; }

    /// <summary>Its place in the machine: domain, bus, device.</summary>
    public string PciBusId { get; }

    /// <summary>All of its memory.</summary>
    public long MemoryBytes { get; }

    /// <summary>Compute capability, for example 9.0.</summary>
    public Version ComputeCapability { get; }

    /// <summary>Streaming multiprocessors.</summary>
    public int Multiprocessors { get; }

    /// <summary>Most bytes of shared memory a block may be launched with.</summary>
    public int SharedBytesPerBlock { get; }

    /// <summary>The driver's own number of it.</summary>
    internal int Handle { get; }

    /// <summary>Asks the driver about one device.</summary>
    /// <exception cref="DeviceUnavailableException">There is no driver, or no such device.</exception>
    public static CudaDevice Get(int ordinal)
    {
        CudaDriver.Require();
        int count = CudaDriver.DeviceCount;
        if ((uint)ordinal >= (uint)count)
        {
            string found = count switch { 0 => "none", 1 => "cuda:0", _ => $"cuda:0 to cuda:{count - 1}" };
            throw new DeviceUnavailableException($"cuda:{ordinal}", found, "the driver shows no device of this number to this process.");
        }
        int handle;
        CudaStatus.Check(NativeMethods.DeviceGet(&handle, ordinal), "cuDeviceGet");
        return new CudaDevice(ordinal, handle);
    }

    private int Attribute(int attribute)
    {
        int value;
        CudaStatus.Check(NativeMethods.DeviceGetAttribute(&value, attribute, Handle), "cuDeviceGetAttribute");
        return value;
    }
}
