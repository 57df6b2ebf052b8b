using System.Collections.Immutable;

namespace LlamaEngine.Formats.Gguf;

/// <summary>
/// Writes a GGUF file (version 3, little-endian, alignment 32): first the header with all metadata and tensor descriptions,
/// then the data of the tensors in their order, in pieces of any size.
/// </summary>
/// <remarks>
/// The file grows under a temporary name in the folder of the final one. <see cref="Complete"/> puts it on the disk and
/// renames it; disposing before that deletes it. So a reader sees the whole file or none. Not thread-safe.
/// </remarks>
internal sealed class GgufWriter : IDisposable
{
    /// <summary>Tensors start at multiples of this many bytes.</summary>
    public const int Alignment = 32;

    private readonly string _path, _temporaryPath;
    private readonly ImmutableArray<TensorInfo> _tensors;
    private readonly FileStream _stream;
    private int _tensor;
    private long _written;
    private bool _completed;

    private GgufWriter(string path, ImmutableArray<TensorInfo> tensors, byte[] header)
    {
        _path = System.IO.Path.GetFullPath(path);
        _tensors = tensors;
        _temporaryPath = TemporaryPath(_path);
        _stream = new FileStream(_temporaryPath, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            BufferSize = 1 << 20,
            // Reserves the space, so that a full disk is known before the work begins.
            PreallocationSize = header.Length + tensors.Sum(tensor => Align(tensor.ByteLength)),
        });
    }

    /// <summary>Starts a file by writing its header.</summary>
    /// <param name="path">Where the file will stand; an existing file is replaced upon completion.</param>
    /// <param name="metadata">Keys and values, of the types that <see cref="GgufMetadata"/> holds.</param>
    /// <param name="tensors">Names, types and shapes in the order of the data; their files and offsets are ignored.</param>
    /// <exception cref="ArgumentException">A value or tensor cannot be written, or a name occurs twice.</exception>
    /// <exception cref="IOException">The file cannot be created, or the disk has no room for it.</exception>
    public static GgufWriter Create(
        string path, IEnumerable<KeyValuePair<string, object>> metadata, ImmutableArray<TensorInfo> tensors)
    {
        if (Directory.Exists(path))
            throw new IOException($"'{path}' is a folder.");
        byte[] header = GgufWriterHeader.Build(metadata, tensors);
        var writer = new GgufWriter(path, tensors, header);
        try
        {
            writer._stream.Write(header);
            writer.SkipEmptyTensors();
            return writer;
        }
        catch
        {
            writer.Dispose();
            throw;
        }
    }

    /// <summary>Writes the next bytes of the current tensor.</summary>
    /// <exception cref="InvalidOperationException">These are more bytes than the tensor has left.</exception>
    public void Write(ReadOnlySpan<byte> data)
    {
        if (data.IsEmpty)
            return;
        if (_tensor == _tensors.Length || data.Length > _tensors[_tensor].ByteLength - _written)
            throw new InvalidOperationException("There is more data than the header announced.");
        _stream.Write(data);
        _written += data.Length;
        SkipEmptyTensors();
    }

    /// <summary>Puts the file on the disk and gives it its name.</summary>
    /// <exception cref="InvalidOperationException">Data is missing.</exception>
    public void Complete()
    {
        if (_tensor < _tensors.Length)
            throw new InvalidOperationException($"The data of tensor '{_tensors[_tensor].Name}' is incomplete.");
        _stream.Flush(flushToDisk: true);
        _stream.Dispose();
        File.Move(_temporaryPath, _path, overwrite: true);
        _completed = true;
    }

    /// <summary>Deletes the unfinished file, unless it was completed.</summary>
    public void Dispose()
    {
        if (_completed)
            return;
        try
        {
            _stream.Dispose(); // Writes what is buffered, which fails on a full disk.
        }
        finally
        {
            File.Delete(_temporaryPath);
        }
    }

    /// <summary>The next multiple of <see cref="Alignment"/>.</summary>
    public static long Align(long bytes) => checked(bytes + Alignment - 1) / Alignment * Alignment;

    /// <summary>Moves past every tensor that has all its data, padding it.</summary>
    private void SkipEmptyTensors()
    {
        Span<byte> padding = stackalloc byte[Alignment];
        padding.Clear();
        while (_tensor < _tensors.Length && _written == _tensors[_tensor].ByteLength)
        {
            _stream.Write(padding[..(int)(Align(_written) - _written)]);
            _written = 0;
            _tensor++;
        }
    }

    private static string TemporaryPath(string path)
    {
        string folder = System.IO.Path.GetDirectoryName(path)!;
        return System.IO.Path.Combine(folder, $".{System.IO.Path.GetFileName(path)}.{Guid.NewGuid():N}.partial");
    }
}
