using System.Text;
using LlamaEngine.AspNetCore.Bulk.Items;
using Microsoft.Win32.SafeHandles;

namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>
/// The results of a batch so far, in the order in which they came, each on the disk before <see cref="AppendAsync"/> ends. Opening
/// it again finds all of them; a line that was being written when the process stopped is cut off.
/// </summary>
/// <remarks>
/// Thread-safe, apart from disposal. One process at a time has the file. The first line names whose results these are. In memory is a
/// place for each item, not its result.
/// </remarks>
internal sealed class ResultLog : IAsyncDisposable
{
    private const int MaxRecordBytes = 1 << 30;

    private readonly string _path;
    private readonly FileStream _stream;
    private readonly SafeFileHandle _file;
    private readonly GroupCommit _commit;
    private readonly Lock _lock = new();
    private readonly List<(long Offset, int Length)> _places = [];
    private int _succeeded, _failed;

    private ResultLog(string path, FileStream stream, Action<SafeFileHandle>? flush)
    {
        _path = path;
        _stream = stream;
        _file = stream.SafeFileHandle;
        _commit = new GroupCommit(path, _file, flush ?? RandomAccess.FlushToDisk);
    }

    /// <summary>Items whose result says that they succeeded.</summary>
    public int Succeeded => Volatile.Read(ref _succeeded);

    /// <summary>Items whose result says that they failed.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>Bytes that were cut off when the log was opened.</summary>
    public long CutBytes { get; private set; }

    /// <summary>Opens a log, or begins one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="owner">Whose results these are: ASCII without line feeds.</param>
    /// <param name="flush">Brings a file to the disk; null: the system's way.</param>
    /// <exception cref="DataFolderException">Another process has the file, or it belongs to another owner.</exception>
    public static async Task<ResultLog> OpenAsync(
        string path, string owner, Action<SafeFileHandle>? flush = null, CancellationToken cancellation = default)
    {
        ResultLog log = new(path, OpenFile(path), flush);
        try
        {
            await log.RecoverAsync(Encoding.ASCII.GetBytes($"llama-engine results 1 {owner}\n"), cancellation);
            return log;
        }
        catch
        {
            await log._stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>The item has its result.</summary>
    public bool Contains(int index)
    {
        lock (_lock)
            return index < _places.Count && _places[index].Length > 0;
    }

    /// <summary>Appends the result of an item that has none; ends when it is on the disk.</summary>
    /// <exception cref="IOException">It could not be written. The log takes no more then; opening it again cuts off what is torn.</exception>
    public async Task AppendAsync(ResultRecord record)
    {
        if (Contains(record.Index))
            throw TwoResults(record.Index);
        byte[] line = record.ToLine();
        long offset = await _commit.AppendAsync(line);
        Remember(record, offset, line.Length - 1);
    }

    /// <summary>The result of an item that has one.</summary>
    public async ValueTask<ResultRecord> ReadAsync(int index, CancellationToken cancellation)
    {
        long offset;
        byte[] line;
        lock (_lock)
        {
            offset = _places[index].Offset;
            line = new byte[_places[index].Length];
        }
        int read = await RandomAccess.ReadAsync(_file, line, offset, cancellation);
        return read == line.Length && ResultRecord.TryParse(line, out ResultRecord record)
            ? record
            : throw new DataFolderException(_path, $"{_path} changed at byte {offset} while it was in use.");
    }

    /// <summary>Closes the file; what was appended is on the disk.</summary>
    public async ValueTask DisposeAsync()
    {
        await _commit.EndAsync();
        await _stream.DisposeAsync();
    }

    private static FileStream OpenFile(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
        }
        catch (IOException exception) when (File.Exists(path))
        {
            throw new DataFolderException(path, $"{path} is used by another process. ({exception.Message})", exception);
        }
    }

    private async Task RecoverAsync(byte[] header, CancellationToken cancellation)
    {
        long whole = 0;
        await foreach (Line line in LineReader.ReadAsync(_stream, MaxRecordBytes, cancellation))
        {
            if (line.Number == 1)
                CheckOwner(line, header);
            else if (line.IsTerminated && ResultRecord.TryParse(line.Content, out ResultRecord record))
                Remember(record, line.Offset, line.Content.Length);
            else
                break;
            whole = line.End;
        }
        CutBytes = RandomAccess.GetLength(_file) - whole;
        RandomAccess.SetLength(_file, whole);
        _commit.Begin(whole);
        if (whole < header.Length)
            await BeginAsync(header);
    }

    private void CheckOwner(Line line, byte[] header)
    {
        // A first line that is torn is the beginning of ours, and is written anew.
        bool isOurs = line.IsTerminated
            ? line.Content.Span.SequenceEqual(header.AsSpan(..^1))
            : header.AsSpan().StartsWith(line.Content.Span);
        if (!isOurs)
        {
            throw new DataFolderException(
                _path, $"{_path} holds the results of something else; delete it, if they are not wanted any more.");
        }
    }

    private async Task BeginAsync(byte[] header)
    {
        RandomAccess.SetLength(_file, 0);
        _commit.Begin(0);
        await _commit.AppendAsync(header);
        Durable.FlushFolderOf(_path);
    }

    private void Remember(ResultRecord record, long offset, int length)
    {
        lock (_lock)
        {
            while (_places.Count <= record.Index)
                _places.Add(default);
            if (_places[record.Index].Length > 0)
                throw TwoResults(record.Index);
            _places[record.Index] = (offset, length);
            _ = record.Succeeded ? _succeeded++ : _failed++;
        }
    }

    private DataFolderException TwoResults(int index) => new(_path, $"{_path} has two results of item {index}.");
}
