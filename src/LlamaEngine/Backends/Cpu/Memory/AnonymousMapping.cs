using System.Runtime.InteropServices;

namespace LlamaEngine.Backends.Cpu.Memory;

/// <summary>
/// Blocks straight from the kernel (Linux): zero until touched, and given back the moment they are freed. The C library's
/// allocator would keep much of what an engine frees for itself, 64 MB a thread and more.
/// </summary>
internal static unsafe partial class AnonymousMapping
{
    /// <summary>Smaller blocks are not worth a mapping.</summary>
    public const int LeastBytes = 64 << 10;

    private const int HugePage = 2 << 20;
    private const int ReadWrite = 1 | 2, PrivateAnonymous = 0x02 | 0x20, AdviseHugePages = 14;
    private const nint Failed = -1;

    /// <summary>Maps zeros, aligned to a page, or to a huge page where one fits.</summary>
    /// <returns>First byte; null if the system refuses.</returns>
    public static void* Map(long bytes)
    {
        if (bytes < HugePage)
        {
            nint small = Mmap(0, (nuint)bytes, ReadWrite, PrivateAnonymous, -1, 0);
            return small == Failed ? null : (void*)small;
        }
        // One huge page more than needed, so that an aligned block fits wherever the mapping starts; both ends are given back.
        nuint length = Rounded(bytes);
        nint start = Mmap(0, length + HugePage, ReadWrite, PrivateAnonymous, -1, 0);
        if (start == Failed)
            return null;
        nint aligned = (start + HugePage - 1) & ~(nint)(HugePage - 1);
        nuint before = (nuint)(aligned - start);
        if (before > 0)
            _ = Munmap(start, before);
        if (before < HugePage)
            _ = Munmap(aligned + (nint)length, HugePage - before);
        // Huge pages spare most TLB misses while weights stream by. Only advice: without them all works as well.
        _ = Madvise(aligned, length, AdviseHugePages);
        return (void*)aligned;
    }

    /// <summary>Gives a block back.</summary>
    public static void Unmap(void* data, long bytes) => _ = Munmap((nint)data, bytes < HugePage ? (nuint)bytes : Rounded(bytes));

    private static nuint Rounded(long bytes) => (nuint)((bytes + HugePage - 1) & ~(long)(HugePage - 1));

    [LibraryImport("libc", EntryPoint = "mmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Mmap(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Munmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Madvise(nint address, nuint length, int advice);
}
