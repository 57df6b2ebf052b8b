using System.Runtime.InteropServices;

namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>
/// Changes of files that are whole or not there, whenever the process or the machine stops: written beside, flushed to the disk, renamed,
/// and the folder flushed as well, since the name stands there.
/// </summary>
internal static partial class Durable
{
    /// <summary>What names of files end with that are being written; whoever opens a folder may delete them.</summary>
    public const string TemporarySuffix = ".tmp";

    private const int InvalidArgument = 22;

    /// <summary>Writes a file in the place of what is there.</summary>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        string temporary = path + TemporarySuffix;
        try
        {
            using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            Place(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Has a file written in the place of what is there.</summary>
    public static async Task WriteAsync(string path, Func<FileStream, Task> write)
    {
        string temporary = path + TemporarySuffix;
        try
        {
            await using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                await write(file);
                file.Flush(flushToDisk: true);
            }
            Place(temporary, path);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Gives a file, whose content is on the disk already, its name.</summary>
    public static void Place(string temporary, string path)
    {
        File.Move(temporary, path, overwrite: true);
        FlushFolderOf(path);
    }

    /// <summary>Deletes a file, if it is there.</summary>
    public static void Delete(string path)
    {
        File.Delete(path);
        FlushFolderOf(path);
    }

    /// <summary>Brings the names in the folder of a file to the disk. Windows does that by itself.</summary>
    /// <exception cref="IOException">The disk did not take them.</exception>
    public static void FlushFolderOf(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        int file = Open(folder, 0);
        if (file < 0)
            throw Failed(folder);
        try
        {
            // Some file systems have nothing to flush for a folder, and say so.
            if (Flush(file) != 0 && Marshal.GetLastPInvokeError() != InvalidArgument)
                throw Failed(folder);
        }
        finally
        {
            _ = Close(file);
        }
    }

    private static IOException Failed(string folder) =>
        new($"The folder {folder} could not be brought to the disk: {Marshal.GetLastPInvokeErrorMessage()}");

    // Flags 0: to be read.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Flush(int file);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int file);
}
