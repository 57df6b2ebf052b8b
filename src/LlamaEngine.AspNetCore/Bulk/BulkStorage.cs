using LlamaEngine.AspNetCore.Bulk.Storage;

namespace LlamaEngine.AspNetCore.Bulk;

/// <summary>A data folder with its files and batches.</summary>
internal sealed class BulkStorage : IDisposable
{
    private readonly DataFolder _folder;

    /// <summary>Opens a folder.</summary>
    /// <exception cref="DataFolderException">Another server uses it, or something in it is damaged.</exception>
    public BulkStorage(string path, TimeProvider clock)
    {
        _folder = DataFolder.Open(path);
        try
        {
            Files = new FileStore(_folder, clock);
            Batches = new BatchStore(_folder, clock);
        }
        catch
        {
            _folder.Dispose();
            throw;
        }
    }

    /// <summary>The files.</summary>
    public FileStore Files { get; }

    /// <summary>The batches.</summary>
    public BatchStore Batches { get; }

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();
}
