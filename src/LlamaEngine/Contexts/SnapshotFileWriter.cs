using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace LlamaEngine.Contexts;

/// <summary>Writes a snapshot to a file of another name, which gets its own once it is whole and on the disk.</summary>
internal sealed class SnapshotFileWriter : IDisposable
{
    private readonly string _path, _temporaryPath;
    private readonly SafeFileHandle _handle;
    private bool _completed;

    private SnapshotFileWriter(string path, SnapshotSlices slices)
    {
        _path = path;
        _temporaryPath = $"{path}.{Guid.NewGuid():N}.tmp"; // another save to the same path may be under way
        Slices = slices;
        _handle = File.OpenHandle(
            _temporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous, preallocationSize: slices.FileBytes);
    }

    /// <summary>What is to be written.</summary>
    public SnapshotSlices Slices { get; }

    /// <summary>Takes the disk space of a snapshot and writes its header.</summary>
    /// <exception cref="IOException">There is no such folder, or too little space.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder must not be written to.</exception>
    public static async Task<SnapshotFileWriter> CreateAsync(string path, SnapshotHeader header, CancellationToken cancellation)
    {
        byte[] bytes = SnapshotHeaderWriter.Write(header);
        var writer = new SnapshotFileWriter(path, SnapshotSlices.Of(header, bytes));
        try
        {
            await RandomAccess.WriteAsync(writer._handle, bytes, 0, cancellation).ConfigureAwait(false);
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>Writes a slice.</summary>
    /// <param name="slice">Which one.</param>
    /// <param name="buffer">Its blocks, with room for the checksum behind them.</param>
    public async Task WriteSliceAsync(int slice, Memory<byte> buffer, CancellationToken cancellation)
    {
        int bytes = Slices.BytesOf(slice);
        uint checksum = SnapshotFormat.Checksum(Slices.SeedOf(slice), buffer.Span[..bytes]);
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.Span[bytes..], checksum);
        ReadOnlyMemory<byte> whole = buffer[..(bytes + SnapshotFormat.ChecksumBytes)];
        await RandomAccess.WriteAsync(_handle, whole, Slices.OffsetOf(slice), cancellation).ConfigureAwait(false);
    }

    /// <summary>Puts the file on the disk and gives it its name, in place of a file that had it.</summary>
    public async Task CompleteAsync()
    {
        await Task.Run(() => RandomAccess.FlushToDisk(_handle)).ConfigureAwait(false);
        _handle.Dispose();
        File.Move(_temporaryPath, _path, overwrite: true);
        _completed = true;
    }

    /// <summary>Deletes the unfinished file, unless it was completed.</summary>
    public void Dispose()
    {
        _handle.Dispose();
        if (!_completed)
            File.Delete(_temporaryPath);
    }
}
