namespace LlamaEngine.Formats;

/// <summary>Opens model files for reading, and refuses what only looks like a file.</summary>
internal static class RegularFile
{
    /// <summary>Opens a file without waiting for anybody: a pipe would block until somebody wrote to it.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It is a folder, a pipe, a device, or empty.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read.</exception>
    public static FileStream OpenRead(string path)
    {
        if (Directory.Exists(path))
            throw new ModelFormatException(path, null, "this is a folder where a file is expected.");
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file '{path}'.", path);
        // Pipes and devices have no length; a symbolic link has one of its own.
        FileSystemInfo file = File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path);
        if (file is FileInfo { Length: 0 })
            throw new ModelFormatException(path, 0, "the file is empty.");
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
    }
}
