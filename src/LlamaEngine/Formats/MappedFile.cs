using System.IO.MemoryMappedFiles;

namespace LlamaEngine.Formats;

/// <summary>A file mapped read-only into memory. Every view of it is checked against its length.</summary>
/// <remarks>
/// Thread-safe. Pointers handed out are valid until <see cref="Dispose"/>. A file must not be truncated while it is
/// mapped: the operating system then kills the process that reads the missing pages, which no program can catch.
/// The file is therefore kept open without sharing it for writing.
/// </remarks>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly FileStream _stream;
    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private int _disposed;

    private MappedFile(FileStream stream, long length)
    {
        _stream = stream;
        Path = stream.Name;
        Length = length;
        _mapping = MemoryMappedFile.CreateFromFile(stream, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        try
        {
            _view = _mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        }
        catch
        {
            _mapping.Dispose();
            throw;
        }
        byte* pointer = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        _start = pointer + _view.PointerOffset;
    }

    /// <summary>Full path of the file.</summary>
    public string Path { get; }

    /// <summary>Length in bytes when the file was opened.</summary>
    public long Length { get; }

    /// <summary>Maps a file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ModelFormatException">It is empty, a folder, a pipe or a device.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read.</exception>
    public static MappedFile Open(string path)
    {
        FileStream stream = RegularFile.OpenRead(path);
        try
        {
            // A file emptied since it was found has nothing to map.
            long length = stream.Length;
            return length > 0 ? new MappedFile(stream, length) : throw new ModelFormatException(path, 0, "the file is empty.");
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Address of <paramref name="length"/> bytes at <paramref name="offset"/>.</summary>
    /// <exception cref="ModelFormatException">They are not all inside the file.</exception>
    public byte* At(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (offset < 0 || length < 0 || offset > Length || length > Length - offset)
            throw new ModelFormatException(Path, offset, $"{length} bytes are needed here, but the file ends at {Length}.");
        return _start + offset;
    }

    /// <summary>The bytes at <paramref name="offset"/>, at most 2 GiB.</summary>
    /// <exception cref="ModelFormatException">They are not all inside the file.</exception>
    public ReadOnlySpan<byte> Span(long offset, int length) => new(At(offset, length), length);

    /// <summary>Makes sure that the file is still as long as it was when it was opened.</summary>
    /// <exception cref="ModelFormatException">It was changed meanwhile.</exception>
    public void EnsureUnchanged()
    {
        long now = _stream.Length;
        if (now != Length)
            throw new ModelFormatException(Path, now, $"the file changed from {Length} to {now} bytes while it was read.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _mapping.Dispose();
        _stream.Dispose();
    }
}
