using Microsoft.Win32.SafeHandles;

namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>The folder that keeps files and batches, for one server at a time.</summary>
/// <remarks>
/// <code>
/// lock                           held by the server that uses the folder
/// files/file-ID.json             a file's metadata: the file is there when this is
/// files/file-ID.data             its content
/// batches/batch_ID.json          a batch's metadata
/// batches/batch_ID.log           the results so far, while it is not done (ResultLog)
/// </code>
/// </remarks>
internal sealed class DataFolder : IDisposable
{
    private readonly SafeFileHandle _lock;

    private DataFolder(string path, SafeFileHandle handle)
    {
        Files = Path.Combine(path, "files");
        Batches = Path.Combine(path, "batches");
        _lock = handle;
    }

    /// <summary>Where files are.</summary>
    public string Files { get; }

    /// <summary>Where batches are.</summary>
    public string Batches { get; }

    /// <summary>Takes a folder, creates it if need be, and deletes what an earlier server left half-written.</summary>
    /// <exception cref="DataFolderException">Another server uses it.</exception>
    public static DataFolder Open(string path)
    {
        path = Path.GetFullPath(path);
        Directory.CreateDirectory(path);
        DataFolder folder = new(path, Lock(path));
        try
        {
            foreach (string part in (string[])[folder.Files, folder.Batches])
            {
                Directory.CreateDirectory(part);
                foreach (string left in Directory.EnumerateFiles(part, "*" + Durable.TemporarySuffix))
                    File.Delete(left);
            }
            Durable.FlushFolderOf(folder.Files);
            Durable.FlushFolderOf(path);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Gives the folder free.</summary>
    public void Dispose() => _lock.Dispose();

    // The system lets go of the lock when the process ends, however it ends; the file itself stays.
    private static SafeFileHandle Lock(string path)
    {
        try
        {
            return File.OpenHandle(Path.Combine(path, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception is not (DirectoryNotFoundException or FileNotFoundException or PathTooLongException))
        {
            throw new DataFolderException(
                path, $"The data folder {path} is used by another server; stop that one, or choose another folder. ({exception.Message})", exception);
        }
    }
}
