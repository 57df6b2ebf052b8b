using System.Collections.Concurrent;
using System.Collections.Immutable;
using LlamaEngine.AspNetCore.Bulk.Items;
using LlamaEngine.AspNetCore.Bulk.Storage;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Operations;
using LlamaEngine.Formats;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.AspNetCore.Bulk;

/// <summary>Keeps files and batches, and works through the batches from the host's start to its end. Thread-safe.</summary>
/// <remarks>
/// A start goes on with every batch that has not ended. A stop cancels the requests that run: they have no result, so the next start
/// runs them again.
/// </remarks>
internal sealed class BulkService : IHostedService, IDisposable
{
    /// <summary>The only completion window, as clients write it.</summary>
    public const string CompletionWindow = "24h";

    private const int WindowSeconds = 24 * 60 * 60;
    private static readonly TimeSpan s_sweepInterval = TimeSpan.FromMinutes(1);

    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly BatchProcessor _processor;
    private readonly SemaphoreSlim _slots, _active;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, (BatchJob Job, Task Work)> _jobs = new();
    // A file is not deleted while a batch begins with it.
    private readonly Lock _inputs = new();
    private BulkStorage? _storage;
    private Task _sweep = Task.CompletedTask;

    /// <summary>A service that has not started.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public BulkService(BulkOptions options, IEnumerable<IOperation> operations, TimeProvider clock, ILoggerFactory loggers)
    {
        options.Validate();
        Options = options;
        _clock = clock;
        _logger = loggers.CreateLogger("LlamaEngine.AspNetCore.Bulk");
        Runner = new ItemRunner(operations, clock, _logger);
        _slots = new SemaphoreSlim(options.Concurrency);
        _active = new SemaphoreSlim(options.MaxActiveBatches);
        _processor = new BatchProcessor(Runner, _slots, options.Concurrency);
    }

    /// <summary>How it is set up.</summary>
    public BulkOptions Options { get; }

    /// <summary>Runs single requests.</summary>
    public ItemRunner Runner { get; }

    /// <summary>Files and batches.</summary>
    /// <exception cref="ApiException">There is no data folder: 400.</exception>
    public BulkStorage Storage => _storage
        ?? throw ApiException.Invalid("This server keeps no files and batches: it has no data folder (--data DIR). /v1/bulk works without one.", code: "no_data_folder");

    /// <summary>Opens the data folder, if there is one, and goes on with its batches.</summary>
    /// <exception cref="DataFolderException">Another server uses it, or something in it is damaged.</exception>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (Options.DataFolder is null)
            return Task.CompletedTask;
        _storage = new BulkStorage(Options.DataFolder, _clock);
        foreach (BatchObject batch in _storage.Batches.List())
        {
            if (!batch.HasEnded)
                Begin(batch.Id);
        }
        _sweep = Task.Run(SweepAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Stops the work, and gives the data folder free.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_inputs)
            _stop.Cancel();
        await Task.WhenAll([_sweep, .. _jobs.Values.Select(job => job.Work)]);
        _storage?.Dispose();
    }

    /// <summary>Begins a batch.</summary>
    /// <exception cref="ApiException">There is no such input, or the server stops.</exception>
    public BatchObject CreateBatch(
        string inputFileId, string endpoint, ImmutableSortedDictionary<string, string>? metadata, int? outputExpiresAfter)
    {
        lock (_inputs)
        {
            CheckRunning();
            CheckInput(inputFileId);
            long now = _clock.GetUtcNow().ToUnixTimeSeconds();
            BatchObject batch = Storage.Batches.Add(id => new BatchObject
            {
                Id = id,
                Endpoint = endpoint,
                InputFileId = inputFileId,
                CompletionWindow = CompletionWindow,
                Status = BatchStatus.Validating,
                CreatedAt = now,
                ExpiresAt = now + WindowSeconds,
                Metadata = metadata,
                OutputExpiresAfter = outputExpiresAfter,
            });
            Begin(batch.Id);
            return batch;
        }
    }

    /// <summary>Cancels a batch: it becomes cancelling, and cancelled as soon as what is done is in its files.</summary>
    /// <exception cref="ApiException">There is none, or it ends already.</exception>
    public BatchObject CancelBatch(string id)
    {
        BatchObject batch = Storage.Batches.Find(id) ?? throw NoBatch(id);
        if (_jobs.TryGetValue(id, out (BatchJob Job, Task Work) entry))
            batch = entry.Job.Cancel();
        return batch.Status is BatchStatus.Cancelling or BatchStatus.Cancelled
            ? batch
            : throw new ApiException(
                StatusCodes.Status409Conflict, "invalid_request_error", $"A batch with status '{batch.Status}' cannot be cancelled.", "batch_id");
    }

    /// <summary>The error for a batch that is not there.</summary>
    public static ApiException NoBatch(string id) => ApiException.NotFound($"There is no batch '{Untrusted.Show(id)}'.", "batch_id");

    /// <summary>Deletes a file.</summary>
    /// <exception cref="ApiException">There is none, or a batch needs it.</exception>
    public void DeleteFile(string id)
    {
        lock (_inputs)
        {
            if (Storage.Batches.FindUserOf(id) is { } batch)
            {
                throw new ApiException(
                    StatusCodes.Status409Conflict, "invalid_request_error", $"The batch '{batch}' needs this file; cancel it first.", "file_id");
            }
            if (!Storage.Files.Delete(id))
                throw ApiException.NotFound($"There is no file '{Untrusted.Show(id)}'.", "file_id");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Dispose();
        _slots.Dispose();
        _active.Dispose();
        _storage?.Dispose();
    }

    private void CheckRunning()
    {
        if (_stop.IsCancellationRequested)
            throw new ApiException(StatusCodes.Status503ServiceUnavailable, "server_error", "The server is stopping.");
    }

    private void CheckInput(string id)
    {
        FileObject file = Storage.Files.Find(id) ?? throw ApiException.NotFound($"There is no file '{Untrusted.Show(id)}'.", "input_file_id");
        if (file.Purpose != FilePurpose.Batch)
            throw ApiException.Invalid($"The file's purpose must be '{FilePurpose.Batch}', not '{file.Purpose}'.", "input_file_id", "invalid_purpose");
    }

    private void Begin(string id)
    {
        // The source has no timer, so it needs no disposal; who cancels may come when the job is over.
        BatchJob job = new(new BatchJobContext(Options, _storage!, _processor, _active, _clock, _logger), id, new CancellationTokenSource());
        // The job may be over before it is noted, but is taken out only afterwards.
        TaskCompletionSource noted = new();
        _jobs[id] = (job, RunAsync(job, id, noted.Task));
        noted.SetResult();
    }

    private async Task RunAsync(BatchJob job, string id, Task noted)
    {
        await noted.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await job.RunAsync(_stop.Token);
        _jobs.TryRemove(id, out _);
    }

    private async Task SweepAsync()
    {
        using PeriodicTimer timer = new(s_sweepInterval, _clock);
        try
        {
            do
            {
                Sweep();
            }
            while (await timer.WaitForNextTickAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    private void Sweep()
    {
        try
        {
            lock (_inputs)
            {
                foreach (FileObject file in Storage.Files.ListExpired().Where(file => Storage.Batches.FindUserOf(file.Id) is null))
                {
                    Storage.Files.Delete(file.Id);
                    BulkLog.FileExpired(_logger, file.Id);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            BulkLog.SweepFailed(_logger, exception);
        }
    }
}
