using System.Runtime.InteropServices;
using LlamaEngine.Devices;

namespace LlamaEngine.Backends.Cpu.Memory;

/// <summary>Unmanaged memory, 64-byte aligned (2 MiB where it is large), freed exactly once.</summary>
/// <remarks>Ownership: whoever made it disposes it. Reads and writes are not checked in Release.</remarks>
internal sealed unsafe class NativeBuffer : IDisposable
{
    /// <summary>One cache line and one 512-bit vector.</summary>
    public const int Alignment = 64;

    private readonly MemoryCounter _counter;
    private nint _data;

    /// <summary>Allocates memory.</summary>
    /// <param name="bytes">Size; 0 is allowed.</param>
    /// <param name="counter">Told of the bytes taken and given back.</param>
    /// <param name="cleared">Filled with zeros; else the contents are undefined.</param>
    /// <exception cref="InsufficientDeviceMemoryException">The system refuses.</exception>
    public NativeBuffer(long bytes, MemoryCounter counter, bool cleared = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Length = bytes;
        _counter = counter;
        void* data = IsMapped ? AnonymousMapping.Map(bytes) : AllocateSmall(bytes, cleared);
        if (data == null)
            throw Insufficient(bytes);
        _data = (nint)data;
        counter.Add(bytes);
    }

    ~NativeBuffer() => Free();

    /// <summary>Size in bytes.</summary>
    public long Length { get; }

    /// <summary>First byte; null once disposed.</summary>
    public byte* Data => (byte*)_data;

    /// <summary>The memory as float32.</summary>
    public float* Floats => (float*)_data;

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    /// <summary>The kernel's zeros need no clearing, and cost nothing where nobody looks.</summary>
    private bool IsMapped => Length >= AnonymousMapping.LeastBytes && OperatingSystem.IsLinux();

    private static void* AllocateSmall(long bytes, bool cleared)
    {
        try
        {
            void* data = NativeMemory.AlignedAlloc((nuint)Math.Max(bytes, 1), Alignment);
            if (cleared)
                NativeMemory.Clear(data, (nuint)bytes);
            return data;
        }
        catch (OutOfMemoryException)
        {
            return null;
        }
    }

    private static InsufficientDeviceMemoryException Insufficient(long bytes) => new(
        bytes, MemoryBudget.AvailableBytes(), "Use a smaller model, a smaller context or fewer sequences.");

    private void Free()
    {
        nint data = Interlocked.Exchange(ref _data, 0);
        if (data == 0)
            return;
        if (IsMapped)
            AnonymousMapping.Unmap((void*)data, Length);
        else
            NativeMemory.AlignedFree((void*)data);
        _counter.Add(-Length);
    }
}
