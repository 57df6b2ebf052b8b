#pragma warning disable OPENAI001 // The client says so of its batches; it is what programs use.
using System.ClientModel;
using System.Text.Json.Nodes;
using OpenAI;
using OpenAI.Batch;
using OpenAI.Files;

namespace LlamaEngine.Cli.Tests.Clients;

/// <summary>OpenAI's client for .NET: files and batches.</summary>
[Collection(ClientServer.Tests)]
public sealed class DotNetBulkTests(ClientServer server)
{
    private const int Wrong = 4, Count = 9;

    private static readonly string[] s_underWay = ["validating", "in_progress", "finalizing"];

    private OpenAIFileClient FileClient => server.CreateClient().GetOpenAIFileClient();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files()
    {
        OpenAIFile file = await FileClient.UploadFileAsync(BinaryData.FromString("content"), "a b.jsonl", FileUploadPurpose.Batch);
        Assert.Equal(("a b.jsonl", FilePurpose.Batch, 7), (file.Filename, file.Purpose, file.SizeInBytes));
        OpenAIFileCollection listed = await FileClient.GetFilesAsync(Token);
        Assert.Contains(listed, one => one.Id == file.Id);
        Assert.Equal("a b.jsonl", (await FileClient.GetFileAsync(file.Id, Token)).Value.Filename);
        Assert.Equal("content", (await FileClient.DownloadFileAsync(file.Id, Token)).Value.ToString());
        Assert.True((await FileClient.DeleteFileAsync(file.Id, Token)).Value.Deleted);
        ClientResultException exception = await Assert.ThrowsAsync<ClientResultException>(() => FileClient.GetFileAsync(file.Id, Token));
        Assert.Equal(404, exception.Status);
    }

    [Fact]
    public async Task A_batch_gives_each_request_its_result_in_their_order()
    {
        string content = string.Join('\n', Enumerable.Range(0, Count).Select(Line));
        OpenAIFile file = await FileClient.UploadFileAsync(BinaryData.FromString(content), "in.jsonl", FileUploadPurpose.Batch);
        CreateBatchOperation operation = await BatchClient.CreateBatchAsync(
            BinaryContent.Create(BinaryData.FromString(new JsonObject
            {
                ["input_file_id"] = file.Id, ["endpoint"] = "/v1/chat/completions", ["completion_window"] = "24h",
                ["metadata"] = new JsonObject { ["who"] = "tests" },
            }.ToJsonString())),
            waitUntilCompleted: false);
        JsonNode batch = await EndAsync(operation);
        Assert.Equal(("completed", "tests"), ((string)batch["status"]!, (string)batch["metadata"]!["who"]!));
        Assert.Equal((Count, Count - 1, 1), ((int)batch["request_counts"]!["total"]!, (int)batch["request_counts"]!["completed"]!, (int)batch["request_counts"]!["failed"]!));

        JsonNode[] results = await ReadAsync((string)batch["output_file_id"]!);
        int[] expected = [.. Enumerable.Range(0, Count).Where(n => n != Wrong)];
        Assert.Equal(expected.Select(n => $"item-{n}"), results.Select(result => (string)result["custom_id"]!));
        foreach ((int n, JsonNode result) in expected.Zip(results))
        {
            Completion own = await server.Engine.CompleteAsync(Prompt.FromUser($"word {n}"), new GenerationOptions { Temperature = 0, MaxTokens = 6 }, Token);
            Assert.Equal(200, (int)result["response"]!["status_code"]!);
            Assert.Equal(own.Text, (string)result["response"]!["body"]!["choices"]![0]!["message"]!["content"]!);
        }
        JsonNode failed = Assert.Single(await ReadAsync((string)batch["error_file_id"]!));
        Assert.Equal(($"item-{Wrong}", 400), ((string)failed["custom_id"]!, (int)failed["response"]!["status_code"]!));
        Assert.Equal("temperature", (string?)failed["response"]!["body"]!["error"]!["param"]);
    }

    private BatchClient BatchClient => server.CreateClient().GetBatchClient();

    private static string Line(int n) => new JsonObject
    {
        ["custom_id"] = $"item-{n}", ["method"] = "POST", ["url"] = "/v1/chat/completions",
        ["body"] = new JsonObject
        {
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = $"word {n}" }), ["max_tokens"] = 6, ["temperature"] = n == Wrong ? 9 : 0,
        },
    }.ToJsonString();

    private static async Task<JsonNode> EndAsync(CreateBatchOperation operation)
    {
        while (true)
        {
            JsonNode batch = JsonNode.Parse((await operation.GetBatchAsync(null)).GetRawResponse().Content)!;
            if (!s_underWay.Contains((string)batch["status"]!))
                return batch;
            await Task.Delay(5, Token);
        }
    }

    private async Task<JsonNode[]> ReadAsync(string file)
    {
        string lines = (await FileClient.DownloadFileAsync(file, Token)).Value.ToString();
        return [.. lines.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!)];
    }
}
