using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

public sealed class BatchEndpointTests(BulkServer fixture) : IClassFixture<BulkServer>
{
    private const int Count = 40;

    [Fact]
    public async Task A_batch_gives_what_single_requests_give()
    {
        string id = await fixture.BeginAsync(string.Join('\n', Enumerable.Range(0, Count).Select(Line)));
        JsonNode batch = await fixture.EndAsync(id);
        Assert.Equal("completed", (string)batch["status"]!);
        Assert.True(JsonNode.DeepEquals(new JsonObject { ["total"] = Count, ["completed"] = Count - 1, ["failed"] = 1 }, batch["request_counts"]));
        JsonNode[] results = await ReadAsync(batch["output_file_id"]), errors = await ReadAsync(batch["error_file_id"]);
        Assert.Equal(Enumerable.Range(0, Count).Where(n => n != 7), results.Numbers());
        Assert.Equal([7], errors.Numbers());
        Assert.Equal("temperature", (string)errors[0]["response"]!["body"]!["error"]!["param"]!);
        foreach (int n in (int[])[0, 5, Count - 2])
        {
            Reply single = await fixture.Server.PostAsync("/v1/completions", JsonNode.Parse(Line(results.Numbers().ElementAt(n)))!["body"]!.ToJsonString());
            Assert.Equal((string)single.Json["choices"]![0]!["text"]!, (string)results[n]["response"]!["body"]!["choices"]![0]!["text"]!);
        }
    }

    [Fact]
    public async Task Wrong_lines_fail_the_batch_with_their_numbers()
    {
        JsonNode batch = await fixture.EndAsync(await fixture.BeginAsync($"{Line(0)}\nnot json\n{Line(0)}"));
        Assert.Equal("failed", (string)batch["status"]!);
        JsonArray errors = (JsonArray)batch["errors"]!["data"]!;
        Assert.Equal([("invalid_json_line", 2), ("duplicate_custom_id", 3)], errors.Select(error => ((string)error!["code"]!, (int)error["line"]!)));
    }

    [Fact]
    public async Task Batches_are_listed_the_latest_first()
    {
        string first = await fixture.BeginAsync(Line(0)), second = await fixture.BeginAsync(Line(0));
        JsonNode page = (await fixture.GetAsync("/v1/batches?limit=1")).Json;
        Assert.Equal((second, true), ((string)page["data"]![0]!["id"]!, (bool)page["has_more"]!));
        page = (await fixture.GetAsync($"/v1/batches?limit=1&after={second}")).Json;
        Assert.Equal(first, (string)page["first_id"]!);
        await fixture.EndAsync(first);
        await fixture.EndAsync(second);
        Reply late = await fixture.Server.PostAsync($"/v1/batches/{first}/cancel", "");
        Assert.Equal((409, "batch_id"), (late.Status, late.Parameter));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        Assert.Equal(404, (await fixture.GetAsync("/v1/batches/batch_0")).Status);
        Assert.Equal(404, (await fixture.Server.PostAsync("/v1/batches/batch_0/cancel", "")).Status);
        Assert.Equal(404, (await fixture.GetAsync("/v1/files/..%2F..%2Flock")).Status);
    }

    [Theory]
    [InlineData("{}", 400, "input_file_id")]
    [InlineData("{\"input_file_id\":\"file-0\"}", 400, "endpoint")]
    [InlineData("{\"input_file_id\":\"file-0\",\"endpoint\":\"/v1/completions\"}", 400, "completion_window")]
    [InlineData("{\"input_file_id\":\"file-0\",\"endpoint\":\"/v1/completions\",\"completion_window\":\"24h\"}", 404, "input_file_id")]
    [InlineData("{\"input_file_id\":\"F\",\"endpoint\":\"/v1/poems\",\"completion_window\":\"24h\"}", 400, "endpoint")]
    [InlineData("{\"input_file_id\":\"F\",\"endpoint\":\"/v1/completions\",\"completion_window\":\"1h\"}", 400, "completion_window")]
    [InlineData("{\"input_file_id\":\"F\",\"endpoint\":\"/v1/completions\",\"completion_window\":\"24h\",\"colour\":1}", 400, "colour")]
    [InlineData("{\"input_file_id\":\"F\",\"endpoint\":\"/v1/completions\",\"completion_window\":\"24h\",\"metadata\":{\"a\":1}}", 400, "metadata.a")]
    [InlineData("{\"input_file_id\":\"F\",\"endpoint\":\"/v1/completions\",\"completion_window\":\"24h\",\"metadata\":[]}", 400, "metadata")]
    [InlineData("{\"input_file_id\":\"F\",\"endpoint\":\"/v1/completions\",\"completion_window\":\"24h\",\"output_expires_after\":{\"anchor\":\"created_at\",\"seconds\":1}}", 400, "output_expires_after.seconds")]
    public async Task A_wrong_request_is_refused_by_the_field(string body, int status, string parameter)
    {
        if (body.Contains("\"F\"", StringComparison.Ordinal))
            body = body.Replace("\"F\"", $"\"{await fixture.UploadAsync(Line(0))}\"", StringComparison.Ordinal);
        Reply reply = await fixture.Server.PostAsync("/v1/batches", body);
        Assert.Equal((status, parameter), (reply.Status, reply.Parameter));
    }

    /// <summary>The seventh is wrong by itself.</summary>
    internal static string Line(int n) => new JsonObject
    {
        ["custom_id"] = $"item-{n}",
        ["method"] = "POST",
        ["url"] = "/v1/completions",
        ["body"] = new JsonObject { ["prompt"] = $"word {n}", ["max_tokens"] = 4, ["temperature"] = n == 7 ? 9 : 0 },
    }.ToJsonString();

    private async Task<JsonNode[]> ReadAsync(JsonNode? id) =>
        [.. (await fixture.GetAsync($"/v1/files/{id}/content")).Text.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!)];
}
