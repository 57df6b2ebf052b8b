using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Bulk;
using LlamaEngine.AspNetCore.Bulk.Storage;
using LlamaEngine.AspNetCore.Errors;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

/// <summary>Batches from their creation to their end.</summary>
public sealed class BulkServiceTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Requests end in groups of eight, each in reverse order.</summary>
    [Fact]
    public async Task Results_are_in_the_order_of_the_input_whatever_order_they_came_in()
    {
        const int Count = 2000;
        Reverser reverser = new(8, Count);
        FakeOperation operation = new(reverser.RunAsync);
        using BulkService service = await BatchFiles.StartAsync(_folder, operation);
        string id = await service.BeginAsync(BatchFiles.Input(Count));
        BatchObject batch = await service.EndAsync(id);
        Assert.Equal((BatchStatus.Completed, new RequestCounts(Count, Count, 0)), (batch.Status, batch.RequestCounts));
        Assert.Null(batch.ErrorFileId);
        BatchFiles.AssertEchoes(await service.ReadAsync(batch.OutputFileId), Enumerable.Range(0, Count));
        Assert.Equal(Enumerable.Range(0, Count), operation.Asked.Order());
        Assert.All(operation.Priorities.Keys, priority => Assert.True(priority < 0));
        Assert.DoesNotContain(_folder.Names, name => name.EndsWith(".log", StringComparison.Ordinal) || name.EndsWith(".tmp", StringComparison.Ordinal));
        await service.StopAsync(Cancellation);
    }

    [Fact]
    public async Task What_fails_is_in_a_file_of_its_own_and_stops_nothing()
    {
        FakeOperation operation = new((n, _) => (n % 5) switch
        {
            1 => throw ApiException.Invalid("'n' is wrong.", "n", "bad_n"),
            3 => throw new InvalidOperationException("a secret of the server"),
            _ => Task.FromResult(FakeOperation.Echo(n)),
        });
        using BulkService service = await BatchFiles.StartAsync(_folder, operation);
        BatchObject batch = await service.EndAsync(await service.BeginAsync(BatchFiles.Input(100)));
        Assert.Equal((BatchStatus.Completed, new RequestCounts(100, 60, 40)), (batch.Status, batch.RequestCounts));
        BatchFiles.AssertEchoes(await service.ReadAsync(batch.OutputFileId), Enumerable.Range(0, 100).Where(n => n % 5 is not (1 or 3)));
        JsonNode[] errors = await service.ReadAsync(batch.ErrorFileId);
        Assert.Equal(Enumerable.Range(0, 100).Where(n => n % 5 is 1 or 3), errors.Numbers());
        Assert.Equal(400, (int)errors[0]["response"]!["status_code"]!);
        Assert.Equal("bad_n", (string)errors[0]["response"]!["body"]!["error"]!["code"]!);
        Assert.Equal(500, (int)errors[1]["response"]!["status_code"]!);
        Assert.DoesNotContain("secret", errors[1].ToJsonString(), StringComparison.Ordinal);
        await service.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Wrong_input_fails_with_the_numbers_of_its_lines()
    {
        FakeOperation operation = new();
        using BulkService service = await BatchFiles.StartAsync(_folder, operation);
        BatchObject batch = await service.EndAsync(await service.BeginAsync(BatchFiles.Line(0) + "\n\n{\n" + BatchFiles.Line(0) + "\n"));
        Assert.Equal(BatchStatus.Failed, batch.Status);
        Assert.NotNull(batch.FailedAt);
        Assert.Equal([("invalid_json_line", 3L), ("duplicate_custom_id", 4L)], batch.Errors!.Data.Select(error => (error.Code, error.Line!.Value)));
        Assert.Empty(operation.Asked);
        await service.StopAsync(Cancellation);
    }

    /// <summary>A message that quotes the input may cut a character in two, which neither the disk nor the reply may stumble over.</summary>
    [Fact]
    public async Task A_wrong_text_may_be_cut_anywhere()
    {
        using BulkService service = await BatchFiles.StartAsync(_folder, new FakeOperation());
        string line = BatchFiles.Line(0).Replace("/v1/chat/completions", "x" + string.Concat(Enumerable.Repeat("😀", 100)), StringComparison.Ordinal);
        BatchObject batch = await service.EndAsync(await service.BeginAsync(line));
        Assert.Equal("invalid_url", Assert.Single(batch.Errors!.Data).Code);
        await service.StopAsync(Cancellation);
        using BulkService again = await BatchFiles.StartAsync(_folder, new FakeOperation());
        Assert.Equal("invalid_url", Assert.Single(again.Find(batch.Id).Errors!.Data).Code);
        await again.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Cancelling_keeps_what_is_done_and_says_what_is_not()
    {
        FirstOnly first = new(50);
        using BulkService service = await BatchFiles.StartAsync(_folder, first.ToOperation());
        string id = await service.BeginAsync(BatchFiles.Input(200));
        await BatchFiles.UntilAsync(() => service.Find(id).RequestCounts.Completed == 50);
        Assert.Equal(BatchStatus.Cancelling, service.CancelBatch(id).Status);
        BatchObject batch = await service.EndAsync(id);
        Assert.Equal((BatchStatus.Cancelled, new RequestCounts(200, 50, 0)), (batch.Status, batch.RequestCounts));
        BatchFiles.AssertEchoes(await service.ReadAsync(batch.OutputFileId), first.Answered);
        await AssertNotRunAsync(service, batch, first.Others(200), "batch_cancelled");
        Assert.Equal(BatchStatus.Cancelled, service.CancelBatch(id).Status);
        await service.StopAsync(Cancellation);
    }

    [Fact]
    public async Task A_batch_that_has_ended_cannot_be_cancelled()
    {
        using BulkService service = await BatchFiles.StartAsync(_folder, new FakeOperation());
        string id = await service.BeginAsync(BatchFiles.Input(1));
        await service.EndAsync(id);
        Assert.Equal(409, Assert.Throws<ApiException>(() => service.CancelBatch(id)).Status);
        Assert.Equal(404, Assert.Throws<ApiException>(() => service.CancelBatch("batch_0")).Status);
        await service.StopAsync(Cancellation);
    }

    [Fact]
    public async Task What_is_not_done_after_a_day_expires()
    {
        TimerClock clock = new();
        FirstOnly first = new(20);
        using BulkService service = await BatchFiles.StartAsync(_folder, first.ToOperation(), clock);
        string id = await service.BeginAsync(BatchFiles.Input(40));
        await BatchFiles.UntilAsync(() => service.Find(id).RequestCounts.Completed == 20);
        clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        Assert.Equal(BatchStatus.InProgress, service.Find(id).Status);
        clock.Advance(TimeSpan.FromSeconds(1));
        BatchObject batch = await service.EndAsync(id);
        Assert.Equal((BatchStatus.Expired, batch.ExpiresAt), (batch.Status, batch.ExpiredAt!.Value));
        BatchFiles.AssertEchoes(await service.ReadAsync(batch.OutputFileId), first.Answered);
        await AssertNotRunAsync(service, batch, first.Others(40), "batch_expired");
        await service.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Several_batches_run_beside_each_other_and_all_end()
    {
        using BulkService service = await BatchFiles.StartAsync(_folder, new FakeOperation());
        List<string> ids = [];
        for (int i = 0; i < 10; i++)
            ids.Add(await service.BeginAsync(BatchFiles.Input(50)));
        Assert.Equal(ids, ids.Order(StringComparer.Ordinal));
        foreach (string id in ids)
            BatchFiles.AssertEchoes(await service.ReadAsync((await service.EndAsync(id)).OutputFileId), Enumerable.Range(0, 50));
        await service.StopAsync(Cancellation);
    }

    [Fact]
    public async Task The_input_of_a_batch_stays_until_it_has_ended()
    {
        using BulkService service = await BatchFiles.StartAsync(_folder, new FirstOnly(0).ToOperation());
        FileObject file = await service.UploadAsync(BatchFiles.Input(3));
        string id = service.CreateBatch(file.Id, "/v1/chat/completions", ImmutableSortedDictionary<string, string>.Empty.Add("a", "b"), 3600).Id;
        Assert.Equal(409, Assert.Throws<ApiException>(() => service.DeleteFile(file.Id)).Status);
        service.CancelBatch(id);
        BatchObject batch = await service.EndAsync(id);
        service.DeleteFile(file.Id);
        Assert.Null(service.Storage.Files.Find(file.Id));
        Assert.Equal(404, Assert.Throws<ApiException>(() => service.DeleteFile(file.Id)).Status);
        Assert.Equal("b", batch.Metadata!["a"]);
        await service.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Files_are_deleted_when_their_time_is_up()
    {
        TimerClock clock = new();
        using BulkService service = await BatchFiles.StartAsync(_folder, new FakeOperation(), clock);
        FileObject file = await service.UploadAsync("x", clock.GetUtcNow().ToUnixTimeSeconds() + 3600);
        clock.Advance(TimeSpan.FromSeconds(3599));
        Assert.NotNull(service.Storage.Files.Find(file.Id));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(service.Storage.Files.Find(file.Id));
        Assert.Equal(404, Assert.Throws<ApiException>(() => service.CreateBatch(file.Id, "/v1/chat/completions", null, null)).Status);
        clock.Advance(TimeSpan.FromMinutes(1));
        await BatchFiles.UntilAsync(() => _folder.Names.SequenceEqual([Path.Combine("data", "lock")]));
        await service.StopAsync(Cancellation);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task AssertNotRunAsync(BulkService service, BatchObject batch, IEnumerable<int> numbers, string code)
    {
        JsonNode[] errors = await service.ReadAsync(batch.ErrorFileId);
        Assert.Equal(numbers, errors.Numbers());
        Assert.All(errors, error => Assert.Null(error["response"]));
        Assert.All(errors, error => Assert.Equal(code, (string)error["error"]!["code"]!));
    }

    /// <summary>Answers when so many wait, or the last has come: the last first.</summary>
    private sealed class Reverser(int size, int total)
    {
        private readonly Lock _lock = new();
        private readonly Stack<TaskCompletionSource> _waiting = [];
        private int _come;

        public async Task<JsonObject> RunAsync(int n, CancellationToken cancellation)
        {
            TaskCompletionSource source = new(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_lock)
            {
                _waiting.Push(source);
                if (++_come == total || _waiting.Count == size)
                {
                    while (_waiting.TryPop(out TaskCompletionSource? next))
                        next.SetResult();
                }
            }
            await source.Task.WaitAsync(cancellation);
            return FakeOperation.Echo(n);
        }
    }
}
