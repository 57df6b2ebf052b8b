using System.Globalization;
using LlamaEngine.AspNetCore.Bulk.Items;
using LlamaEngine.AspNetCore.Bulk.Storage;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.AspNetCore.Bulk;

/// <summary>What the jobs of a server share.</summary>
/// <param name="Active">A place for each batch that runs; the others wait in turn.</param>
internal sealed record BatchJobContext(
    BulkOptions Options, BulkStorage Storage, BatchProcessor Processor, SemaphoreSlim Active, TimeProvider Clock, ILogger Logger);

/// <summary>Takes one batch from whatever state the disk has it in to its end.</summary>
/// <remarks>
/// Each state is on the disk before anything of it is done, and all that is done in one can be done again: the log says which results
/// are there, and the files with results have the same ids, and the same content, each time.
/// </remarks>
/// <param name="cancelled">What <see cref="Cancel"/> cancels; of this job alone.</param>
internal sealed class BatchJob(BatchJobContext context, string id, CancellationTokenSource cancelled)
{
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromSeconds(1), s_longestDelay = TimeSpan.FromMinutes(5);

    private readonly BatchStore _batches = context.Storage.Batches;

    /// <summary>Cancels the batch, if its requests may still be running; says what it is now.</summary>
    public BatchObject Cancel()
    {
        BatchObject batch = _batches.Change(id, batch => batch.Status is BatchStatus.Validating or BatchStatus.InProgress
            ? batch with { Status = BatchStatus.Cancelling, CancellingAt = Now }
            : batch);
        if (batch.Status == BatchStatus.Cancelling)
            cancelled.Cancel();
        return batch;
    }

    /// <summary>Works until the batch has ended; while the disk refuses to be written, again and again.</summary>
    /// <param name="stop">The server stops: what is not done is done after its next start.</param>
    public async Task RunAsync(CancellationToken stop)
    {
        for (TimeSpan delay = s_firstDelay; ; delay = delay * 2 < s_longestDelay ? delay * 2 : s_longestDelay)
        {
            try
            {
                await AdvanceOrFailAsync(stop);
                return;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (IsForLater(exception))
            {
                BulkLog.WriteFailed(context.Logger, exception, id, delay.TotalSeconds);
            }
            await Task.Delay(delay, context.Clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private long Now => context.Clock.GetUtcNow().ToUnixTimeSeconds();

    // A full disk, say; but what is missing or damaged stays so.
    private static bool IsForLater(Exception exception) =>
        exception is IOException and not (FileNotFoundException or DirectoryNotFoundException or DataFolderException) or UnauthorizedAccessException;

    private async Task AdvanceOrFailAsync(CancellationToken stop)
    {
        try
        {
            await AdvanceAsync(stop);
        }
        catch (Exception exception) when (!IsForLater(exception) && !stop.IsCancellationRequested)
        {
            BulkLog.BatchFailed(context.Logger, exception, id);
            Change(batch => Failed(batch, [new BatchError("internal_error", "The server could not go on with this batch.")]));
        }
    }

    private async Task AdvanceAsync(CancellationToken stop)
    {
        BatchObject batch = _batches.Find(id)!;
        BatchInput input = new(context.Storage.Files.ContentOf(batch.InputFileId), [batch.Endpoint], context.Options.MaxLineBytes);
        if (batch.Status == BatchStatus.Validating)
            batch = await ValidateAsync(input, stop);
        if (batch.Status == BatchStatus.Failed)
            return;
        if (batch.InProgressAt is null)
            Change(End);
        else
            await ProcessAsync(batch, input, stop);
    }

    private async Task<BatchObject> ValidateAsync(BatchInput input, CancellationToken stop)
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(stop, cancelled.Token);
        try
        {
            InputCheck check = await input.CheckAsync(context.Options.MaxBatchRequests, source.Token);
            return Change(batch => batch.Status != BatchStatus.Validating ? batch
                : check.Errors.Length > 0 ? Failed(batch, check.Errors)
                : batch with { Status = BatchStatus.InProgress, InProgressAt = Now, RequestCounts = new(check.Total, 0, 0) });
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return _batches.Find(id)!;
        }
    }

    private async Task ProcessAsync(BatchObject batch, BatchInput input, CancellationToken stop)
    {
        await using (ResultLog log = await ResultLog.OpenAsync(_batches.LogOf(id), id, cancellation: stop))
        {
            if (log.Succeeded + log.Failed > 0 || log.CutBytes > 0)
                BulkLog.Resumed(context.Logger, id, log.Succeeded + log.Failed, log.CutBytes);
            _batches.Count(id, log);
            if (batch.Status == BatchStatus.InProgress)
                batch = await RunItemsAsync(batch, input, log, stop);
            _batches.Count(id, log);
            await WriteFilesAsync(batch, input, log, stop);
        }
        _batches.DeleteLog(id);
    }

    private async Task<BatchObject> RunItemsAsync(BatchObject batch, BatchInput input, ResultLog log, CancellationToken stop)
    {
        TimeSpan left = DateTimeOffset.FromUnixTimeSeconds(batch.ExpiresAt) - context.Clock.GetUtcNow();
        using CancellationTokenSource expired = new(left > TimeSpan.Zero ? left : TimeSpan.Zero, context.Clock);
        using var source = CancellationTokenSource.CreateLinkedTokenSource(stop, cancelled.Token, expired.Token);
        try
        {
            await context.Active.WaitAsync(source.Token);
            try
            {
                await context.Processor.RunAsync(NameOf(id), input, log, () => _batches.Count(id, log), source.Token);
            }
            finally
            {
                context.Active.Release();
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // What has no result now gets the reason in its place.
        }
        bool isDone = log.Succeeded + log.Failed == batch.RequestCounts.Total;
        return Change(batch => batch.Status != BatchStatus.InProgress ? batch : batch with
        {
            Status = BatchStatus.Finalizing,
            FinalizingAt = Now,
            ExpiredAt = isDone ? null : Now,
        });
    }

    private async Task WriteFilesAsync(BatchObject batch, BatchInput input, ResultLog log, CancellationToken stop)
    {
        NotRunReason? notRun = batch.Status == BatchStatus.Cancelling
            ? new("batch_cancelled", "This request was not executed before the batch was cancelled.")
            : batch.ExpiredAt is not null
                ? new("batch_expired", "This request could not be executed before the completion window expired.")
                : null;
        string? output = null, errors = null;
        if (log.Succeeded > 0)
            output = await WriteFileAsync(batch, "output", file => ResultWriter.WriteAsync(file, NameOf(id), input, log, notRun, true, false, stop));
        if (log.Succeeded < batch.RequestCounts.Total)
            errors = await WriteFileAsync(batch, "error", file => ResultWriter.WriteAsync(file, NameOf(id), input, log, notRun, false, true, stop));
        Change(batch => End(batch) with { OutputFileId = output, ErrorFileId = errors });
    }

    private async Task<string> WriteFileAsync(BatchObject batch, string kind, Func<Stream, Task> write)
    {
        string file = FileObject.IdPrefix + NameOf(id) + kind;
        await context.Storage.Files.AddAsync(file, write, known => known with
        {
            Filename = string.Create(CultureInfo.InvariantCulture, $"{id}_{kind}.jsonl"),
            Purpose = FilePurpose.BatchOutput,
            ExpiresAt = known.CreatedAt + batch.OutputExpiresAfter,
        });
        return file;
    }

    private static string NameOf(string id) => id[BatchObject.IdPrefix.Length..];

    private BatchObject Failed(BatchObject batch, IEnumerable<BatchError> errors) =>
        batch with { Status = BatchStatus.Failed, FailedAt = Now, Errors = new BatchErrors([.. errors]) };

    private BatchObject End(BatchObject batch) => batch switch
    {
        { Status: BatchStatus.Cancelling } => batch with { Status = BatchStatus.Cancelled, CancelledAt = Now },
        { ExpiredAt: not null } => batch with { Status = BatchStatus.Expired },
        _ => batch with { Status = BatchStatus.Completed, CompletedAt = Now },
    };

    private BatchObject Change(Func<BatchObject, BatchObject> change)
    {
        BatchObject batch = _batches.Change(id, change);
        BulkLog.StatusChanged(
            context.Logger, id, batch.Status, batch.RequestCounts.Completed, batch.RequestCounts.Total, batch.RequestCounts.Failed);
        return batch;
    }
}
