using System.Text;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Bulk;
using LlamaEngine.AspNetCore.Bulk.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

/// <summary>What tests do with batches of a service.</summary>
internal static class BatchFiles
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A request for a number.</summary>
    public static string Line(int n) =>
        $$$"""{"custom_id": "item-{{{n}}}", "method": "POST", "url": "/v1/chat/completions", "body": {"n": {{{n}}}}}""";

    /// <summary>The input of so many requests.</summary>
    public static string Input(int count) => string.Join('\n', Enumerable.Range(0, count).Select(Line));

    /// <summary>Starts a service over a folder.</summary>
    public static async Task<BulkService> StartAsync(
        TestFolder folder, FakeOperation operation, TimeProvider? clock = null, int concurrency = 16, int maxRequests = 50_000)
    {
        BulkOptions options = new()
        {
            DataFolder = folder["data"],
            Concurrency = concurrency,
            MaxBatchRequests = maxRequests,
            MaxLineBytes = 10_000,
        };
        BulkService service = new(options, [operation], clock ?? TimeProvider.System, NullLoggerFactory.Instance);
        await service.StartAsync(Cancellation);
        return service;
    }

    /// <summary>Stores a file.</summary>
    public static Task<FileObject> UploadAsync(this BulkService service, string content, long? expiresAt = null) => service.Storage.Files.AddAsync(
        null,
        async stream => await stream.WriteAsync(Encoding.UTF8.GetBytes(content), Cancellation),
        file => file with { Filename = "in.jsonl", Purpose = FilePurpose.Batch, ExpiresAt = expiresAt });

    /// <summary>Begins a batch.</summary>
    public static async Task<string> BeginAsync(this BulkService service, string content)
    {
        FileObject file = await service.UploadAsync(content);
        return service.CreateBatch(file.Id, "/v1/chat/completions", null, null).Id;
    }

    /// <summary>A batch as it is.</summary>
    public static BatchObject Find(this BulkService service, string id) => service.Storage.Batches.Find(id)!;

    /// <summary>Waits for the end of a batch.</summary>
    public static async Task<BatchObject> EndAsync(this BulkService service, string id)
    {
        await UntilAsync(() => service.Find(id).HasEnded);
        return service.Find(id);
    }

    /// <summary>Waits until something is so; the test's own limit is the only one.</summary>
    public static async Task UntilAsync(Func<bool> isSo)
    {
        while (!isSo())
            await Task.Delay(2, Cancellation);
    }

    /// <summary>The lines of a file of results; none where there is no file.</summary>
    public static async Task<JsonNode[]> ReadAsync(this BulkService service, string? fileId)
    {
        if (fileId is null)
            return [];
        Assert.NotNull(service.Storage.Files.Find(fileId));
        string text = await File.ReadAllTextAsync(service.Storage.Files.ContentOf(fileId), Cancellation);
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        return [.. text.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!)];
    }

    /// <summary>The numbers that results belong to, by their custom ids.</summary>
    public static IEnumerable<int> Numbers(this JsonNode[] results) => results.Select(result => int.Parse(((string)result["custom_id"]!)[5..]));

    /// <summary>Every result is the echo of its request, in the order of the input, and none is there twice.</summary>
    public static void AssertEchoes(JsonNode[] results, IEnumerable<int> numbers)
    {
        Assert.Equal(numbers, results.Numbers());
        Assert.Equal(results.Length, results.Select(result => (string)result["id"]!).Distinct().Count());
        Assert.All(results, result =>
        {
            Assert.Equal(200, (int)result["response"]!["status_code"]!);
            Assert.Null(result["error"]);
            int n = int.Parse(((string)result["custom_id"]!)[5..]);
            Assert.True(JsonNode.DeepEquals(FakeOperation.Echo(n), result["response"]!["body"]));
        });
    }
}
