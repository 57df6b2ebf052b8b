#pragma warning disable OPENAI001 // The client says so of its batches; it is what programs use.
using System.ClientModel;
using System.ClientModel.Primitives;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Batch;
using OpenAI.Files;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

/// <summary>OpenAI's own client for .NET: files and batches.</summary>
public sealed class OpenAIBatchClientTests(BulkServer fixture) : IClassFixture<BulkServer>
{
    private OpenAIClient Client => new(new ApiKeyCredential("none"), new OpenAIClientOptions
    {
        Endpoint = new Uri(fixture.Server.Url, "/v1"),
        RetryPolicy = new ClientRetryPolicy(maxRetries: 0),
    });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files()
    {
        OpenAIFileClient files = Client.GetOpenAIFileClient();
        OpenAIFile file = await files.UploadFileAsync(BinaryData.FromString("content"), "a b.jsonl", FileUploadPurpose.Batch);
        Assert.Equal(("a b.jsonl", FilePurpose.Batch, 7), (file.Filename, file.Purpose, file.SizeInBytes));
        Assert.Contains(await GetFilesAsync(files), listed => listed.Id == file.Id);
        Assert.Equal("content", (await files.DownloadFileAsync(file.Id, Cancellation)).Value.ToString());
        Assert.True((await files.DeleteFileAsync(file.Id, Cancellation)).Value.Deleted);
        ClientResultException exception = await Assert.ThrowsAsync<ClientResultException>(() => files.GetFileAsync(file.Id, Cancellation));
        Assert.Equal(404, exception.Status);
    }

    [Fact]
    public async Task Batches()
    {
        OpenAIFileClient files = Client.GetOpenAIFileClient();
        string content = string.Join('\n', Enumerable.Range(0, 7).Select(BatchEndpointTests.Line));
        OpenAIFile file = await files.UploadFileAsync(BinaryData.FromString(content), "in.jsonl", FileUploadPurpose.Batch);
        BinaryContent request = BinaryContent.Create(BinaryData.FromString(new JsonObject
        {
            ["input_file_id"] = file.Id,
            ["endpoint"] = "/v1/completions",
            ["completion_window"] = "24h",
            ["metadata"] = new JsonObject { ["who"] = "tests" },
        }.ToJsonString()));
        CreateBatchOperation operation = await Client.GetBatchClient().CreateBatchAsync(request, waitUntilCompleted: false);
        await fixture.EndAsync(operation.BatchId);
        JsonNode batch = JsonNode.Parse((await operation.GetBatchAsync(null)).GetRawResponse().Content)!;
        Assert.Equal(("completed", "tests"), ((string)batch["status"]!, (string)batch["metadata"]!["who"]!));
        string results = (await files.DownloadFileAsync((string)batch["output_file_id"]!, Cancellation)).Value.ToString();
        Assert.Equal(Enumerable.Range(0, 7), results.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!).ToArray().Numbers());
    }

    private static async Task<IEnumerable<OpenAIFile>> GetFilesAsync(OpenAIFileClient files) => (await files.GetFilesAsync(Cancellation)).Value;
}
