using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace LlamaEngine.Devices;

/// <summary>Linux's scheduling calls: see sched_setaffinity(2). Both give 0, or −1 with an error number.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class NativeMethods
{
    /// <summary>EINVAL: here, the mask has less room than the kernel's.</summary>
    public const int InvalidArgument = 22;

    /// <summary>Writes the mask of a thread (or of a process's first thread): bit c of the bytes stands for processor c.</summary>
    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    public static partial int GetAffinity(int thread, nuint bytes, byte* mask);

    /// <summary>Sets the mask of a thread; 0 is the calling one.</summary>
    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    public static partial int SetAffinity(int thread, nuint bytes, byte* mask);
}
