namespace LlamaEngine.Formats;

/// <summary>Reads small files whole, with a bound on their size.</summary>
internal static class BoundedFile
{
    /// <summary>Reads a file of at most <paramref name="largest"/> bytes.</summary>
    /// <exception cref="ModelFormatException">It is larger, empty, or no regular file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[] ReadAllBytes(string path, int largest)
    {
        using FileStream stream = RegularFile.OpenRead(path);
        long length = stream.Length;
        if (length > largest)
            throw new ModelFormatException(path, largest, $"the file has {length} bytes, more than the {largest} that are plausible here.");
        var bytes = new byte[length];
        int read = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return read == bytes.Length ? bytes : throw new ModelFormatException(path, read, "the file was truncated while it was read.");
    }
}
