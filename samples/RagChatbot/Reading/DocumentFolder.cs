using System.Threading.Channels;

namespace RagChatbot.Reading;

/// <summary>How far a scan of the folder has come.</summary>
/// <param name="Done">Documents that are up to date.</param>
/// <param name="Total">Documents in the folder.</param>
/// <param name="Current">The one that is being read; null: none.</param>
internal sealed record ScanProgress(int Done, int Total, string? Current);

/// <summary>A document that could not be read.</summary>
internal sealed record FailedDocument(string Path, string Message);

/// <summary>What is known of the folder.</summary>
/// <param name="Running">A scan is under way, or about to begin.</param>
/// <param name="Progress">How far it has come, or came last.</param>
/// <param name="Failures">What the last whole scan could not read.</param>
internal sealed record FolderState(bool Running, ScanProgress Progress, IReadOnlyList<FailedDocument> Failures);

/// <summary>Brings the index up to date with the folder, in the background, one scan at a time. Thread-safe.</summary>
/// <param name="scan">Reads what has changed, reports on it and gives what it could not read. Runs on a thread of the pool.</param>
internal sealed class DocumentFolder(Func<IProgress<ScanProgress>, CancellationToken, Task<IReadOnlyList<FailedDocument>>> scan) : IAsyncDisposable
{
    // One scan may wait behind the one that runs: it sees whatever changed meanwhile, so that a second would find nothing to do.
    private readonly Channel<TaskCompletionSource> _requests = Channel.CreateUnbounded<TaskCompletionSource>();
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource? _waiting;
    private Task? _worker;
    private IProgress<ScanProgress>? _watcher;
    private FolderState _state = new(false, new ScanProgress(0, 0, null), []);

    /// <summary>What is known of the folder just now.</summary>
    public FolderState State => Volatile.Read(ref _state);

    /// <summary>Asks for a scan.</summary>
    /// <param name="watcher">Is told from now on how far scans come, besides <see cref="State"/>; null: who was told before.</param>
    /// <returns>Ends with the scan that sees the folder as it is now.</returns>
    public Task RefreshAsync(IProgress<ScanProgress>? watcher = null)
    {
        lock (_lock)
        {
            _watcher = watcher ?? _watcher;
            ObjectDisposedException.ThrowIf(_end.IsCancellationRequested, this);
            _worker ??= Task.Run(WorkAsync);
            if (_waiting is { } waiting)
                return waiting.Task;
            _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _state, _state with { Running = true });
            _requests.Writer.TryWrite(_waiting);
            return _waiting.Task;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task? worker;
        lock (_lock)
        {
            if (_end.IsCancellationRequested)
                return;
            _end.Cancel();
            worker = _worker;
        }
        if (worker is not null)
            await worker.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task WorkAsync()
    {
        CancellationToken end = _end.Token;
        await foreach (TaskCompletionSource request in _requests.Reader.ReadAllAsync(end))
        {
            lock (_lock)
                _waiting = null;
            IReadOnlyList<FailedDocument> failures = await ScanAsync(end);
            lock (_lock)
                Volatile.Write(ref _state, new FolderState(_waiting is not null, _state.Progress with { Current = null }, failures));
            request.TrySetResult();
        }
    }

    // What stops a whole scan (the folder is gone, the disk is full) is told like a document that cannot be read, and the next scan tries again.
    private async Task<IReadOnlyList<FailedDocument>> ScanAsync(CancellationToken end)
    {
        try
        {
            return await scan(new Reporter(this), end);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            return [];
        }
        catch (Exception exception)
        {
            return [new FailedDocument("", exception.Message)];
        }
    }

    private void Report(ScanProgress progress)
    {
        lock (_lock)
        {
            Volatile.Write(ref _state, _state with { Progress = progress });
            _watcher?.Report(progress);
        }
    }

    // Not Progress<T>, which reports later, on another thread, and so out of order.
    private sealed class Reporter(DocumentFolder folder) : IProgress<ScanProgress>
    {
        public void Report(ScanProgress value) => folder.Report(value);
    }
}
