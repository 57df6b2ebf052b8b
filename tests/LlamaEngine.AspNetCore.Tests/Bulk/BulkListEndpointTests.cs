using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

/// <summary>/v1/bulk, which needs no data folder.</summary>
public sealed class BulkListEndpointTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private TestServer Server => fixture.Server;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_request_has_its_result_in_order()
    {
        Reply reply = await Server.PostAsync("/v1/bulk", Body(200));
        Assert.Equal((200, "list"), (reply.Status, (string)reply.Json["object"]!));
        JsonArray data = (JsonArray)reply.Json["data"]!;
        Assert.Equal(Enumerable.Range(0, 200), data.Select(result => (int)result!["index"]!));
        CheckErrors(data);
        Reply single = await Server.PostAsync("/v1/completions", Request(150).ToJsonString());
        Assert.True(single.Status == 200, single.Text);
        Assert.Equal((string)single.Json["choices"]![0]!["text"]!, (string)data[150]!["body"]!["choices"]![0]!["text"]!);
        long tokens = data.Sum(result => result!["body"] is { } body ? (long)body["usage"]!["total_tokens"]! : 0);
        Assert.Equal(tokens, (long)reply.Json["usage"]!["total_tokens"]!);
    }

    [Fact]
    public async Task Results_can_come_a_line_each()
    {
        using HttpRequestMessage request = new(HttpMethod.Post, new Uri("/v1/bulk", UriKind.Relative));
        request.Content = new StringContent(Body(30), Encoding.UTF8, "application/json");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/x-ndjson"));
        using HttpResponseMessage response = await Server.Http.SendAsync(request, Cancellation);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType!.MediaType);
        string text = await response.Content.ReadAsStringAsync(Cancellation);
        JsonArray data = [.. text.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line))];
        Assert.Equal(Enumerable.Range(0, 30), data.Select(result => (int)result!["index"]!));
        CheckErrors(data);
    }

    [Fact]
    public async Task A_list_may_be_empty()
    {
        Reply reply = await Server.PostAsync("/v1/bulk", "{\"endpoint\":\"/v1/completions\",\"requests\":[]}");
        Assert.Equal("{\"object\":\"list\",\"data\":[]}", reply.Text);
    }

    [Theory]
    [InlineData("{\"requests\":[]}", "endpoint")]
    [InlineData("{\"endpoint\":\"/v1/completions\"}", "requests")]
    [InlineData("{\"endpoint\":\"/v1/poems\",\"requests\":[]}", "endpoint")]
    [InlineData("{\"endpoint\":\"/v1/completions\",\"requests\":{}}", "requests")]
    [InlineData("{\"endpoint\":\"/v1/completions\",\"requests\":[],\"priority\":\"high\"}", "priority")]
    [InlineData("{\"endpoint\":\"/v1/completions\",\"requests\":[],\"stream\":true}", "stream")]
    public async Task A_wrong_request_is_refused_by_the_field(string body, string parameter)
    {
        Reply reply = await Server.PostAsync("/v1/bulk", body);
        Assert.Equal((400, parameter), (reply.Status, reply.Parameter));
    }

    [Fact]
    public async Task A_list_has_a_limit()
    {
        string body = new JsonObject { ["endpoint"] = "/v1/completions", ["requests"] = new JsonArray([.. Enumerable.Repeat<JsonNode?>(null, 2049)]) }.ToJsonString();
        Reply reply = await Server.PostAsync("/v1/bulk", body);
        Assert.Equal((400, "too_many_requests"), (reply.Status, reply.Code));
    }

    /// <summary>Half a million tokens were asked for, which takes minutes; the client goes when the first requests run.</summary>
    [Fact]
    public async Task A_client_that_vanishes_ends_its_requests()
    {
        const int Requests = 2000, Tokens = 250;
        await Server.Engine.WaitUntilIdleAsync();
        long before = Server.Engine.Statistics.GeneratedTokens;
        using CancellationTokenSource source = new();
        JsonObject request = new() { ["prompt"] = "a", ["max_tokens"] = Tokens, ["ignore_eos"] = true };
        string body = new JsonObject
        {
            ["endpoint"] = "/v1/completions", ["requests"] = new JsonArray([.. Enumerable.Range(0, Requests).Select(_ => request.DeepClone())]),
        }.ToJsonString();
        using StringContent content = new(body, Encoding.UTF8, "application/json");
        using HttpRequestMessage message = new(HttpMethod.Post, new Uri("/v1/bulk", UriKind.Relative)) { Content = content };
        Task<HttpResponseMessage> reply = Server.Http.SendAsync(message, HttpCompletionOption.ResponseContentRead, source.Token);
        await Server.Engine.WaitUntilAsync(statistics => statistics.RunningSequences > 0);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reply);
        await Server.Engine.WaitUntilIdleAsync();
        Assert.InRange(Server.Engine.Statistics.GeneratedTokens - before, 1, Requests * Tokens / 2);
    }

    [Theory]
    [InlineData("/v1/files")]
    [InlineData("/v1/files/file-0")]
    [InlineData("/v1/files/file-0/content")]
    [InlineData("/v1/batches")]
    [InlineData("/v1/batches/batch_0")]
    public async Task Without_a_data_folder_files_and_batches_are_refused(string path)
    {
        using HttpResponseMessage response = await Server.Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        Reply reply = await Reply.ReadAsync(response);
        Assert.Equal((400, "no_data_folder"), (reply.Status, reply.Code));
    }

    private static string Body(int count) => new JsonObject
    {
        ["endpoint"] = "/v1/completions",
        ["requests"] = new JsonArray([.. Enumerable.Range(0, count).Select(n => n == 11 ? (JsonNode)"text" : Request(n))]),
    }.ToJsonString();

    private static JsonObject Request(int n) => new()
    {
        ["prompt"] = $"word {n}", ["max_tokens"] = 3, ["temperature"] = 0, ["model"] = n == 13 ? "none" : TestServer.Model,
    };

    private static void CheckErrors(JsonArray data)
    {
        Assert.Equal((400, "requests[11]"), ((int)data[11]!["status_code"]!, (string)data[11]!["error"]!["param"]!));
        Assert.Equal((404, "model_not_found"), ((int)data[13]!["status_code"]!, (string)data[13]!["error"]!["code"]!));
        Assert.All(data.Where((_, n) => n is not (11 or 13)), result => Assert.Equal(200, (int)result!["status_code"]!));
    }
}
