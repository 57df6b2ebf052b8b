using System.Text.Json;

namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>The files of a data folder. Thread-safe; what it says has happened is on the disk.</summary>
internal sealed class FileStore
{
    private const string MetadataSuffix = ".json", ContentSuffix = ".data";

    private readonly string _folder;
    private readonly TimeProvider _clock;
    private readonly IdSource _ids;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, FileObject> _files = new(StringComparer.Ordinal);

    /// <summary>Reads what the folder holds, and deletes content whose file was never finished.</summary>
    /// <exception cref="DataFolderException">A file's metadata is damaged, or its content is missing.</exception>
    public FileStore(DataFolder folder, TimeProvider clock)
    {
        _folder = folder.Files;
        _clock = clock;
        _ids = new IdSource(clock);
        foreach (FileObject file in MetadataReader.ReadAll(_folder, MetadataSuffix, BulkJson.Relaxed.FileObject))
        {
            if (new FileInfo(ContentOf(file.Id)) is not { Exists: true } content || content.Length != file.Bytes)
                throw new DataFolderException(ContentOf(file.Id), $"{ContentOf(file.Id)} is not there or has another length than {file.Bytes} bytes.");
            _files.Add(file.Id, file);
            _ids.Saw(file.Id, FileObject.IdPrefix);
        }
        foreach (string content in Directory.EnumerateFiles(_folder, "*" + ContentSuffix))
        {
            if (!_files.ContainsKey(Path.GetFileNameWithoutExtension(content)))
                Durable.Delete(content);
        }
    }

    /// <summary>All files that have not expired, in the order of their ids.</summary>
    public List<FileObject> List()
    {
        lock (_lock)
            return [.. _files.Values.Where(file => !IsExpired(file))];
    }

    /// <summary>A file; null: there is none, or it has expired.</summary>
    public FileObject? Find(string id)
    {
        lock (_lock)
            return _files.TryGetValue(id, out FileObject? file) && !IsExpired(file) ? file : null;
    }

    /// <summary>Where a file's content is.</summary>
    public string ContentOf(string id) => Path.Combine(_folder, id + ContentSuffix);

    /// <summary>Stores a file.</summary>
    /// <param name="id">Its id, in the place of what has it; null: a new one.</param>
    /// <param name="write">Writes the content. An exception leaves nothing behind.</param>
    /// <param name="describe">Adds name, purpose and expiry to what is known, once the content is written.</param>
    public async Task<FileObject> AddAsync(string? id, Func<Stream, Task> write, Func<FileObject, FileObject> describe)
    {
        id ??= _ids.Next(FileObject.IdPrefix);
        string path = ContentOf(id), temporary = path + Durable.TemporarySuffix;
        try
        {
            FileObject file;
            await using (FileStream stream = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                await write(stream);
                file = describe(new FileObject { Id = id, Bytes = stream.Length, CreatedAt = Now, Filename = id, Purpose = "" });
                stream.Flush(flushToDisk: true);
            }
            Durable.Place(temporary, path);
            Keep(file);
            return file;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Deletes a file; false: there is none.</summary>
    public bool Delete(string id)
    {
        lock (_lock)
        {
            if (!_files.ContainsKey(id))
                return false;
            // Without its metadata the file is gone; the content follows, now or when the folder is opened.
            Durable.Delete(MetadataOf(id));
            _files.Remove(id);
        }
        Durable.Delete(ContentOf(id));
        return true;
    }

    /// <summary>Files whose time is up.</summary>
    public List<FileObject> ListExpired()
    {
        lock (_lock)
            return [.. _files.Values.Where(IsExpired)];
    }

    private long Now => _clock.GetUtcNow().ToUnixTimeSeconds();

    private bool IsExpired(FileObject file) => file.ExpiresAt <= Now;

    private string MetadataOf(string id) => Path.Combine(_folder, id + MetadataSuffix);

    private void Keep(FileObject file)
    {
        lock (_lock)
        {
            Durable.Write(MetadataOf(file.Id), JsonSerializer.SerializeToUtf8Bytes(file, BulkJson.Relaxed.FileObject));
            _files[file.Id] = file;
        }
    }
}
