using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace LlamaEngine.Devices;

/// <summary>Which processors the process may run on, and binding a thread to one of them. Linux only.</summary>
internal static class ThreadPinning
{
    // glibc's cpu_set_t has 1,024 bits; kernels may be built for more, 8,192 at most today.
    private const int FirstMaskBytes = 1024 / 8, MostMaskBytes = 65536 / 8;

    /// <summary>Processors of the process's affinity mask, in ascending order; empty where that is not known.</summary>
    /// <remarks>The mask of the first thread, for the calling one may be pinned already.</remarks>
    public static ImmutableArray<int> TryGetAllowedProcessors()
    {
        if (!OperatingSystem.IsLinux())
            return [];
        for (int bytes = FirstMaskBytes; bytes <= MostMaskBytes; bytes *= 2)
        {
            var mask = new byte[bytes];
            if (GetAffinity(mask) is var error and not NativeMethods.InvalidArgument)
                return error == 0 ? ToProcessors(mask) : [];
        }
        return [];
    }

    /// <summary>Binds the calling thread to a processor until it ends; false if that is not possible, and nothing has changed.</summary>
    public static unsafe bool PinCurrentThread(int processor)
    {
        if (!OperatingSystem.IsLinux() || processor is < 0 or >= MostMaskBytes * 8)
            return false;
        var mask = new byte[Math.Max(FirstMaskBytes, (processor / 64 + 1) * 8)];
        mask[processor / 8] = (byte)(1 << (processor % 8));
        fixed (byte* pointer = mask)
            return NativeMethods.SetAffinity(0, (nuint)mask.Length, pointer) == 0;
    }

    /// <summary>The set bits of a mask, which little-endian machines store byte by byte in ascending order.</summary>
    internal static ImmutableArray<int> ToProcessors(ReadOnlySpan<byte> mask)
    {
        ImmutableArray<int>.Builder processors = ImmutableArray.CreateBuilder<int>();
        for (int i = 0; i < mask.Length * 8; i++)
        {
            if ((mask[i / 8] >> (i % 8) & 1) != 0)
                processors.Add(i);
        }
        return processors.ToImmutable();
    }

    [SupportedOSPlatform("linux")]
    private static unsafe int GetAffinity(byte[] mask)
    {
        fixed (byte* pointer = mask)
            return NativeMethods.GetAffinity(Environment.ProcessId, (nuint)mask.Length, pointer) < 0 ? Marshal.GetLastPInvokeError() : 0;
    }
}
