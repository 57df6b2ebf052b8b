using System.Text.Json;

namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>The batches of a data folder. Thread-safe; what it says has happened is on the disk, apart from the counts of a batch that runs.</summary>
internal sealed class BatchStore
{
    private const string MetadataSuffix = ".json", LogSuffix = ".log";

    private readonly string _folder;
    private readonly IdSource _ids;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, BatchObject> _batches = new(StringComparer.Ordinal);

    /// <summary>Reads what the folder holds.</summary>
    /// <exception cref="DataFolderException">A batch's metadata is damaged.</exception>
    public BatchStore(DataFolder folder, TimeProvider clock)
    {
        _folder = folder.Batches;
        _ids = new IdSource(clock);
        foreach (BatchObject batch in MetadataReader.ReadAll(_folder, MetadataSuffix, BulkJson.Relaxed.BatchObject))
        {
            _batches.Add(batch.Id, batch);
            _ids.Saw(batch.Id, BatchObject.IdPrefix);
            // The process stopped between the end of the batch and this.
            if (batch.HasEnded && File.Exists(LogOf(batch.Id)))
                Durable.Delete(LogOf(batch.Id));
        }
    }

    /// <summary>All batches, in the order of their ids.</summary>
    public List<BatchObject> List()
    {
        lock (_lock)
            return [.. _batches.Values];
    }

    /// <summary>A batch; null: there is none.</summary>
    public BatchObject? Find(string id)
    {
        lock (_lock)
            return _batches.GetValueOrDefault(id);
    }

    /// <summary>The id of a batch that has not ended and whose input a file is; null: none is.</summary>
    public string? FindUserOf(string fileId)
    {
        lock (_lock)
            return _batches.Values.FirstOrDefault(batch => batch.InputFileId == fileId && !batch.HasEnded)?.Id;
    }

    /// <summary>Where a batch's results are, while it has not ended.</summary>
    public string LogOf(string id) => Path.Combine(_folder, id + LogSuffix);

    /// <summary>Stores a new batch.</summary>
    /// <param name="create">Makes it of its id.</param>
    public BatchObject Add(Func<string, BatchObject> create)
    {
        lock (_lock)
            return Keep(create(_ids.Next(BatchObject.IdPrefix)));
    }

    /// <summary>Changes a batch.</summary>
    /// <param name="change">Makes the new state of the present one; called under a lock.</param>
    /// <returns>The new state.</returns>
    public BatchObject Change(string id, Func<BatchObject, BatchObject> change)
    {
        lock (_lock)
        {
            BatchObject batch = _batches[id], changed = change(batch);
            return ReferenceEquals(batch, changed) ? batch : Keep(changed);
        }
    }

    /// <summary>Says how far a batch has come; in memory only, since the log says it as well.</summary>
    public void Count(string id, ResultLog log)
    {
        lock (_lock)
        {
            BatchObject batch = _batches[id];
            _batches[id] = batch with { RequestCounts = new(batch.RequestCounts.Total, log.Succeeded, log.Failed) };
        }
    }

    /// <summary>Deletes the log of a batch that has ended.</summary>
    public void DeleteLog(string id) => Durable.Delete(LogOf(id));

    private BatchObject Keep(BatchObject batch)
    {
        string path = Path.Combine(_folder, batch.Id + MetadataSuffix);
        Durable.Write(path, JsonSerializer.SerializeToUtf8Bytes(batch, BulkJson.Relaxed.BatchObject));
        return _batches[batch.Id] = batch;
    }
}
