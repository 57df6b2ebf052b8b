namespace LlamaEngine.Cli;

/// <summary>Writes files so that an interrupted run leaves no half file.</summary>
internal static class AtomicFile
{
    /// <summary>Has a temporary file beside <paramref name="path"/> written, then renames it; deletes it if writing fails.</summary>
    public static async Task WriteAsync(string path, Func<FileStream, Task> write)
    {
        string temporary = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            await using (FileStream file = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
                await write(file);
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }
}
