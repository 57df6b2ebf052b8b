using System.Buffers.Binary;
using LlamaEngine.Formats;
using Microsoft.Win32.SafeHandles;

namespace LlamaEngine.Contexts;

/// <summary>An open snapshot: its header, read and checked, and its slices, checked as they are read.</summary>
internal sealed class SnapshotFileReader : IDisposable
{
    private readonly FileStream _stream;

    private SnapshotFileReader(FileStream stream, string path, SnapshotHeader header, SnapshotSlices slices)
    {
        _stream = stream;
        Path = path;
        Header = header;
        Slices = slices;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What it says about its blocks.</summary>
    public SnapshotHeader Header { get; }

    /// <summary>Where they stand.</summary>
    public SnapshotSlices Slices { get; }

    /// <summary>Opens a file and reads its header.</summary>
    /// <exception cref="SnapshotFormatException">It is damaged, or no snapshot.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be read.</exception>
    public static async Task<SnapshotFileReader> OpenAsync(string path, CancellationToken cancellation)
    {
        FileStream stream = Open(path);
        try
        {
            SafeFileHandle handle = stream.SafeFileHandle;
            long length = stream.Length;
            byte[] start = await ReadAsync(path, handle, 0, SnapshotFormat.FixedBytes, cancellation).ConfigureAwait(false);
            int headerBytes = SnapshotHeaderReader.LengthOf(path, start, length);
            byte[] bytes = await ReadAsync(path, handle, 0, headerBytes, cancellation).ConfigureAwait(false);
            SnapshotHeader header = SnapshotHeaderReader.Read(path, bytes, length);
            return new SnapshotFileReader(stream, path, header, SnapshotSlices.Of(header, bytes));
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Reads the blocks of a slice to the start of a buffer, and compares their checksum.</summary>
    /// <param name="slice">Which one.</param>
    /// <param name="buffer">Room for <see cref="SnapshotSlices.BufferBytes"/>.</param>
    /// <exception cref="SnapshotFormatException">They are damaged.</exception>
    public async Task ReadSliceAsync(int slice, Memory<byte> buffer, CancellationToken cancellation)
    {
        int bytes = Slices.BytesOf(slice);
        long offset = Slices.OffsetOf(slice);
        await ReadAsync(Path, _stream.SafeFileHandle, offset, buffer[..(bytes + SnapshotFormat.ChecksumBytes)], cancellation).ConfigureAwait(false);
        uint written = BinaryPrimitives.ReadUInt32LittleEndian(buffer.Span[bytes..]);
        if (SnapshotFormat.Checksum(Slices.SeedOf(slice), buffer.Span[..bytes]) != written)
            throw new SnapshotFormatException(Path, offset, $"the {bytes:N0} bytes from here on are damaged: they do not have the checksum that they were written with.");
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static FileStream Open(string path)
    {
        try
        {
            return RegularFile.OpenRead(path);
        }
        catch (ModelFormatException exception)
        {
            throw new SnapshotFormatException(path, exception.Offset, "this is no regular file, or an empty one.", exception);
        }
    }

    private static async Task<byte[]> ReadAsync(string path, SafeFileHandle handle, long offset, int count, CancellationToken cancellation)
    {
        byte[] bytes = new byte[count];
        await ReadAsync(path, handle, offset, bytes, cancellation).ConfigureAwait(false);
        return bytes;
    }

    private static async Task ReadAsync(string path, SafeFileHandle handle, long offset, Memory<byte> destination, CancellationToken cancellation)
    {
        while (!destination.IsEmpty)
        {
            int read = await RandomAccess.ReadAsync(handle, destination, offset, cancellation).ConfigureAwait(false);
            if (read == 0)
                throw new SnapshotFormatException(path, offset, $"the file ends here, {destination.Length:N0} bytes too early.");
            offset += read;
            destination = destination[read..];
        }
    }
}
