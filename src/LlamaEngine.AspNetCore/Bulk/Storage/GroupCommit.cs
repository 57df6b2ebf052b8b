using Microsoft.Win32.SafeHandles;

namespace LlamaEngine.AspNetCore.Bulk.Storage;

/// <summary>
/// Appends to a file so that each piece is on the disk before its task ends. What comes while the disk flushes is written and flushed
/// together afterwards: many small pieces cost few flushes, and a single one waits for nobody.
/// </summary>
/// <remarks>Thread-safe. After a failure it takes no more, since the end of the file is unknown then.</remarks>
internal sealed class GroupCommit(string path, SafeFileHandle file, Action<SafeFileHandle> flush)
{
    private readonly Lock _lock = new();
    private Group _waiting = new();
    private Task _work = Task.CompletedTask;
    private bool _isWorking;
    private Exception? _failure;
    private long _end;

    /// <summary>Sets where the file ends; before the first piece.</summary>
    public void Begin(long end) => _end = end;

    /// <summary>Appends a piece, and gives its offset when it is on the disk.</summary>
    /// <exception cref="IOException">It could not be written, or an earlier one could not.</exception>
    public async Task<long> AppendAsync(byte[] piece)
    {
        Group group;
        long position;
        lock (_lock)
        {
            if (_failure is { } failure)
                throw new IOException($"{path} takes no more: {failure.Message}", failure);
            group = _waiting;
            position = group.Add(piece);
            if (!_isWorking)
            {
                _isWorking = true;
                _work = Task.Run(Work);
            }
        }
        return await group.Offset + position;
    }

    /// <summary>Waits until nothing is being written.</summary>
    public Task EndAsync()
    {
        lock (_lock)
            return _work;
    }

    private void Work()
    {
        while (Take() is { } group)
        {
            try
            {
                RandomAccess.Write(file, group.Pieces, _end);
                flush(file);
                long offset = _end;
                _end += group.Length;
                group.Done(offset);
            }
            catch (Exception exception)
            {
                Fail(group, exception);
            }
        }
    }

    private Group? Take()
    {
        lock (_lock)
        {
            Group group = _waiting;
            if (group.Pieces.Count == 0)
            {
                _isWorking = false;
                return null;
            }
            _waiting = new Group();
            return group;
        }
    }

    private void Fail(Group group, Exception exception)
    {
        Group next;
        lock (_lock)
        {
            _failure = exception;
            next = _waiting;
            _waiting = new Group();
        }
        IOException failure = new($"{path} could not be written: {exception.Message}", exception);
        group.Failed(failure);
        next.Failed(failure);
    }

    /// <summary>Pieces that are written and flushed together.</summary>
    private sealed class Group
    {
        // Who waits goes on elsewhere, not within the loop that writes.
        private readonly TaskCompletionSource<long> _offset = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>The pieces, in order.</summary>
        public List<ReadOnlyMemory<byte>> Pieces { get; } = [];

        /// <summary>Bytes of all pieces.</summary>
        public long Length { get; private set; }

        /// <summary>Where the first piece stands, once all are on the disk.</summary>
        public Task<long> Offset => _offset.Task;

        /// <summary>Adds a piece, and gives how many bytes stand before it.</summary>
        public long Add(byte[] piece)
        {
            long position = Length;
            Pieces.Add(piece);
            Length += piece.Length;
            return position;
        }

        /// <summary>All are on the disk.</summary>
        public void Done(long offset) => _offset.SetResult(offset);

        /// <summary>They are not.</summary>
        public void Failed(IOException failure)
        {
            if (Pieces.Count > 0)
                _offset.SetException(failure);
        }
    }
}
