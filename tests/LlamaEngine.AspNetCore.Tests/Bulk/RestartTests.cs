using System.Text;
using LlamaEngine.AspNetCore.Bulk;
using LlamaEngine.AspNetCore.Bulk.Items;
using LlamaEngine.AspNetCore.Bulk.Storage;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

/// <summary>A data folder as a stop, or a crash at any point, leaves it.</summary>
public sealed class RestartTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_restart_runs_what_has_no_result_and_nothing_else()
    {
        string id;
        FirstOnly first = new(700);
        using (BulkService service = await BatchFiles.StartAsync(_folder, first.ToOperation()))
        {
            id = await service.BeginAsync(BatchFiles.Input(2000));
            await BatchFiles.UntilAsync(() => service.Find(id).RequestCounts.Completed == 700);
            await service.StopAsync(Cancellation);
        }
        FakeOperation operation = new();
        using BulkService again = await BatchFiles.StartAsync(_folder, operation);
        BatchObject batch = await again.EndAsync(id);
        Assert.Equal((BatchStatus.Completed, new RequestCounts(2000, 2000, 0)), (batch.Status, batch.RequestCounts));
        BatchFiles.AssertEchoes(await again.ReadAsync(batch.OutputFileId), Enumerable.Range(0, 2000));
        Assert.Equal(first.Others(2000), operation.Asked.Order());
        await again.StopAsync(Cancellation);
    }

    /// <summary>The machine stops while a result is being written: the log ends anywhere.</summary>
    [Fact]
    public async Task A_log_that_ends_anywhere_is_gone_on_with()
    {
        string id;
        using (BulkService service = await BatchFiles.StartAsync(_folder, new FirstOnly(30).ToOperation()))
        {
            id = await service.BeginAsync(BatchFiles.Input(40));
            await BatchFiles.UntilAsync(() => service.Find(id).RequestCounts.Completed == 30);
            await service.StopAsync(Cancellation);
        }
        string log = _folder[Path.Combine("data", "batches", id + ".log")], metadata = Path.ChangeExtension(log, ".json");
        byte[] results = await File.ReadAllBytesAsync(log, Cancellation), state = await File.ReadAllBytesAsync(metadata, Cancellation);
        for (int length = 0; length < results.Length; length += 61)
        {
            await File.WriteAllBytesAsync(log, results[..length], Cancellation);
            await File.WriteAllBytesAsync(metadata, state, Cancellation);
            FakeOperation operation = new();
            using BulkService service = await BatchFiles.StartAsync(_folder, operation);
            BatchObject batch = await service.EndAsync(id);
            BatchFiles.AssertEchoes(await service.ReadAsync(batch.OutputFileId), Enumerable.Range(0, 40));
            // The whole lines of the log, without its first.
            int kept = Math.Max(0, results.AsSpan(..length).Count((byte)'\n') - 1);
            Assert.Equal(40 - kept, operation.Asked.Distinct().Count());
            await service.StopAsync(Cancellation);
        }
    }

    /// <summary>Between the last result and the end of the batch, at each point where files are half-made.</summary>
    [Theory]
    [InlineData(BatchStatus.Finalizing, false, BatchStatus.Completed)]
    [InlineData(BatchStatus.Finalizing, true, BatchStatus.Expired)]
    [InlineData(BatchStatus.Cancelling, false, BatchStatus.Cancelled)]
    public async Task A_batch_that_was_about_to_end_ends(string status, bool isExpired, string end)
    {
        const int Count = 10;
        string id = await PrepareAsync(status, isExpired, Count);
        string files = _folder[Path.Combine("data", "files")], output = $"file-{id["batch_".Length..]}output";
        await File.WriteAllTextAsync(Path.Combine(files, output + ".data.tmp"), "half", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(files, output + ".data"), "without metadata", Cancellation);
        FakeOperation operation = new();
        using BulkService service = await BatchFiles.StartAsync(_folder, operation);
        BatchObject batch = await service.EndAsync(id);
        Assert.Equal(end, batch.Status);
        Assert.Empty(operation.Asked);
        int done = end == BatchStatus.Completed ? Count : Count / 2;
        Assert.Equal(output, batch.OutputFileId);
        BatchFiles.AssertEchoes(await service.ReadAsync(output), Enumerable.Range(0, done));
        Assert.Equal(Enumerable.Range(done, Count - done), (await service.ReadAsync(batch.ErrorFileId)).Numbers());
        await service.StopAsync(Cancellation);
        Assert.DoesNotContain(_folder.Names, name => name.EndsWith(".log", StringComparison.Ordinal) || name.EndsWith(".tmp", StringComparison.Ordinal));
    }

    /// <summary>A file is written beside, then renamed: before the rename the old state holds.</summary>
    [Fact]
    public async Task What_was_not_renamed_yet_did_not_happen()
    {
        string id, file;
        using (BulkService service = await BatchFiles.StartAsync(_folder, new FirstOnly(0).ToOperation()))
        {
            file = (await service.UploadAsync("kept")).Id;
            id = await service.BeginAsync(BatchFiles.Input(3));
            await BatchFiles.UntilAsync(() => service.Find(id).Status == BatchStatus.InProgress);
            await service.StopAsync(Cancellation);
        }
        string data = _folder["data"];
        await File.WriteAllTextAsync(Path.Combine(data, "batches", id + ".json.tmp"), "{\"id\":", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(data, "files", file + ".json.tmp"), "", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(data, "files", "file-0123.data"), "an upload that was never finished", Cancellation);
        using BulkService again = await BatchFiles.StartAsync(_folder, new FakeOperation());
        Assert.Equal(BatchStatus.Completed, (await again.EndAsync(id)).Status);
        Assert.Equal("kept", await File.ReadAllTextAsync(again.Storage.Files.ContentOf(file), Cancellation));
        Assert.DoesNotContain(_folder.Names, name => name.Contains("0123.", StringComparison.Ordinal) || name.EndsWith(".tmp", StringComparison.Ordinal));
        await again.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Two_servers_do_not_use_one_folder()
    {
        using (BulkService service = await BatchFiles.StartAsync(_folder, new FakeOperation()))
        {
            DataFolderException exception = await Assert.ThrowsAsync<DataFolderException>(() => BatchFiles.StartAsync(_folder, new FakeOperation()));
            Assert.Contains(_folder["data"], exception.Message, StringComparison.Ordinal);
            await service.StopAsync(Cancellation);
        }
        using BulkService next = await BatchFiles.StartAsync(_folder, new FakeOperation());
        await next.StopAsync(Cancellation);
    }

    [Theory]
    [InlineData("batches", "batch_0.json", "{\"id\":")]
    [InlineData("batches", "batch_0.json", "null")]
    [InlineData("batches", "batch_0.json", "{}")]
    [InlineData("files", "file-0.json", "[]")]
    [InlineData("files", "file-0.json", """{"id":"file-0","bytes":1,"created_at":1,"filename":"a","purpose":"batch"}""")]
    public async Task A_damaged_folder_is_refused_by_the_file(string part, string name, string content)
    {
        Directory.CreateDirectory(_folder[Path.Combine("data", part)]);
        await File.WriteAllTextAsync(_folder[Path.Combine("data", part, name)], content, Cancellation);
        DataFolderException exception = await Assert.ThrowsAsync<DataFolderException>(() => BatchFiles.StartAsync(_folder, new FakeOperation()));
        Assert.Contains(Path.GetFileNameWithoutExtension(name), exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A folder whose batch has all of its results, or half of them.</summary>
    private async Task<string> PrepareAsync(string status, bool isExpired, int count)
    {
        using BulkStorage storage = new(_folder["data"], TimeProvider.System);
        FileObject file = await storage.Files.AddAsync(
            null,
            async stream => await stream.WriteAsync(Encoding.UTF8.GetBytes(BatchFiles.Input(count)), Cancellation),
            known => known with { Purpose = FilePurpose.Batch });
        BatchObject batch = storage.Batches.Add(id => new BatchObject
        {
            Id = id,
            Endpoint = "/v1/chat/completions",
            InputFileId = file.Id,
            CompletionWindow = "24h",
            Status = status,
            CreatedAt = 1,
            ExpiresAt = 2,
            InProgressAt = 1,
            ExpiredAt = isExpired ? 2 : null,
            RequestCounts = new(count, 0, 0),
        });
        await using ResultLog log = await ResultLog.OpenAsync(storage.Batches.LogOf(batch.Id), batch.Id, cancellation: Cancellation);
        for (int n = 0; n < (isExpired || status == BatchStatus.Cancelling ? count / 2 : count); n++)
        {
            ReadOnlyMemory<byte> line = ResultLine.Of(batch.Id["batch_".Length..], n, $"item-{n}", new ItemReply(200, FakeOperation.Echo(n)));
            await log.AppendAsync(new ResultRecord(n, true, line));
        }
        return batch.Id;
    }
}
