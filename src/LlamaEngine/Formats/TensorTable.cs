using System.Collections.Immutable;

namespace LlamaEngine.Formats;

/// <summary>The tensors of a model by name, with the mapped files they stand in.</summary>
/// <remarks>Owns the files. Immutable and thread-safe once <see cref="Seal"/> has been called.</remarks>
internal sealed unsafe class TensorTable : IDisposable
{
    private readonly List<MappedFile> _files = [];
    private readonly Dictionary<string, TensorData> _tensors = new(StringComparer.Ordinal);
    private readonly ImmutableArray<TensorInfo>.Builder _infos = ImmutableArray.CreateBuilder<TensorInfo>();

    /// <summary>All tensors, in the order of the files; empty before <see cref="Seal"/>.</summary>
    public ImmutableArray<TensorInfo> Infos { get; private set; } = [];

    /// <summary>Number of tensors so far.</summary>
    public int Count => _infos.Count;

    /// <summary>Maps a file; the table owns it from now on.</summary>
    public MappedFile Map(string path)
    {
        MappedFile file = MappedFile.Open(path);
        _files.Add(file);
        return file;
    }

    /// <summary>Adds a tensor of <paramref name="file"/>.</summary>
    /// <exception cref="ModelFormatException">The name is taken, or the data is not inside the file.</exception>
    public void Add(MappedFile file, TensorInfo info)
    {
        byte* data = file.At(info.Offset, info.ByteLength);
        if (!_tensors.TryAdd(info.Name, new TensorData(info, data)))
            throw new ModelFormatException(file.Path, info.Offset, $"tensor '{Untrusted.Show(info.Name)}' occurs twice.");
        _infos.Add(info);
    }

    /// <summary>Finds a tensor by its GGUF name.</summary>
    public bool TryGet(string name, out TensorData tensor) => _tensors.TryGetValue(name, out tensor);

    /// <summary>Ends the filling: makes sure that the files did not change while they were read.</summary>
    public void Seal()
    {
        foreach (MappedFile file in _files)
            file.EnsureUnchanged();
        Infos = _infos.ToImmutable();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MappedFile file in _files)
            file.Dispose();
    }
}
