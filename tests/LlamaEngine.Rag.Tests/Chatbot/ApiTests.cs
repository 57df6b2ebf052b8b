using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using RagChatbot.Reading;

namespace LlamaEngine.Rag.Tests.Chatbot;

/// <summary>The API around the questions: conversations, documents, and what is refused.</summary>
public sealed class ApiTests : IAsyncLifetime
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private ChatbotSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await ChatbotSite.StartAsync(("a.md", ["The buoy is red.", "The pier is long."]), ("b/c.txt", ["Other."]));

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Theory]
    [InlineData("", 200)]
    [InlineData("app.css", 200)]
    [InlineData("js/app.js", 200)]
    [InlineData("api/status", 200)]
    [InlineData("api/conversations/x", 404)]
    [InlineData("nothing", 404)]
    public async Task Every_reply_has_the_headers_that_protect_it(string path, int status)
    {
        using HttpResponseMessage reply = await _site.Client.GetAsync(path, ApiClient.Cancellation);
        Assert.Equal(status, (int)reply.StatusCode);
        Assert.Equal(Policy, Assert.Single(reply.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("nosniff", Assert.Single(reply.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(reply.Headers.GetValues("Referrer-Policy")));
        Assert.False(reply.Headers.Contains("Server"));
    }

    [Theory]
    [InlineData("evil.example", null, 421)]
    [InlineData("evil.example:80", null, 421)]
    [InlineData("localhost:5080", null, 200)]
    [InlineData("127.0.0.1", null, 200)]
    [InlineData("[::1]:5080", null, 200)]
    [InlineData("localhost:5080", "http://localhost:5080", 200)]
    [InlineData("localhost:5080", "http://localhost:5081", 403)]
    [InlineData("localhost:5080", "https://localhost:5080", 403)]
    [InlineData("localhost:5080", "http://evil.example", 403)]
    [InlineData("localhost:5080", "null", 403)]
    public async Task Other_sites_and_other_names_are_refused(string host, string? origin, int status)
    {
        HttpRequestMessage request = new(HttpMethod.Get, "api/status");
        request.Headers.Host = host;
        if (origin is not null)
            request.Headers.Add("Origin", origin);
        using HttpResponseMessage reply = await _site.Client.SendAsync(request, ApiClient.Cancellation);
        Assert.Equal(status, (int)reply.StatusCode);
    }

    [Theory]
    [InlineData("POST", "api/conversations")]
    [InlineData("POST", "api/documents/refresh")]
    [InlineData("POST", "api/conversations/{id}/questions")]
    [InlineData("POST", "api/conversations/{id}/stop")]
    [InlineData("PATCH", "api/conversations/{id}")]
    public async Task What_changes_something_needs_JSON(string method, string path)
    {
        string id = await _site.Client.CreateAsync();
        foreach (string? type in new[] { "text/plain", "application/x-www-form-urlencoded", null })
        {
            HttpRequestMessage request = new(new HttpMethod(method), path.Replace("{id}", id, StringComparison.Ordinal));
            request.Content = type is null ? new ByteArrayContent([]) : new StringContent("{}", Encoding.UTF8, type);
            using HttpResponseMessage reply = await _site.Client.SendAsync(request, ApiClient.Cancellation);
            Assert.Equal(415, (int)(await reply.ProblemAsync())["status"]!);
        }
    }

    [Theory]
    [InlineData("", "line 1")]
    [InlineData("null", "null")]
    [InlineData("[]", "not the JSON")]
    [InlineData("{\"question\":1}", "$.question")]
    [InlineData("{\"question\":\"q\",\"model\":\"m\"}", "'model'")]
    [InlineData("{\"question\":\"\\ud800\"}", "not the JSON")]
    [InlineData("{\"question\":null}", "'question'")]
    [InlineData("{\"question\":\" \\n\"}", "'question'")]
    public async Task A_question_that_is_none_is_refused_with_the_reason(string body, string reason)
    {
        string id = await _site.Client.CreateAsync();
        using HttpResponseMessage reply = await _site.Client.PostAsync($"api/conversations/{id}/questions", ApiClient.Json(body), ApiClient.Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, reply.StatusCode);
        Assert.Contains(reason, (string)(await reply.ProblemAsync())["detail"]!, StringComparison.Ordinal);
        Assert.Empty(_site.Chat.Asked);
    }

    [Theory]
    [InlineData("GET", "api/nothing", 404)]
    [InlineData("GET", "api/conversations/0123", 404)]
    [InlineData("DELETE", "api/conversations/0123", 404)]
    [InlineData("PATCH", "api/conversations/0123", 404)]
    [InlineData("POST", "api/conversations/0123/questions", 404)]
    [InlineData("POST", "api/conversations/0123/stop", 404)]
    [InlineData("PUT", "api/status", 405)]
    [InlineData("GET", "api/documents/text", 400)]
    [InlineData("GET", "api/documents/text?path=nothing.md", 404)]
    [InlineData("GET", "api/documents/text?path=../../../../etc/passwd", 404)]
    [InlineData("GET", "api/documents/text?path=/etc/passwd", 404)]
    [InlineData("GET", "api/conversations?limit=0", 400)]
    [InlineData("GET", "api/conversations?limit=x", 400)]
    [InlineData("GET", "api/conversations?offset=-1", 400)]
    public async Task What_is_not_there_is_a_problem(string method, string path, int status)
    {
        HttpRequestMessage request = new(new HttpMethod(method), path);
        if (method is "POST" or "PATCH")
            request.Content = ApiClient.Json(method == "PATCH" ? "{\"title\":\"t\"}" : path.EndsWith("stop", StringComparison.Ordinal) ? "{}" : "{\"question\":\"q\"}");
        using HttpResponseMessage reply = await _site.Client.SendAsync(request, ApiClient.Cancellation);
        Assert.Equal(status, (int)(await reply.ProblemAsync())["status"]!);
    }

    [Fact]
    public async Task Conversations_are_listed_renamed_and_deleted()
    {
        string[] ids = [await _site.Client.CreateAsync(), await _site.Client.CreateAsync(), await _site.Client.CreateAsync()];
        Assert.Equal([ids[2], ids[1], ids[0]], await IdsAsync("api/conversations"));
        Assert.Equal([ids[1]], await IdsAsync("api/conversations?offset=1&limit=1"));
        Assert.Equal(3, (int)(await _site.Client.GetJsonAsync("api/conversations?limit=1"))["total"]!);

        using HttpResponseMessage renamed = await _site.Client.PatchAsync($"api/conversations/{ids[0]}", ApiClient.Json("{\"title\":\" <b>New</b> \"}"), ApiClient.Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, renamed.StatusCode);
        Assert.Equal("<b>New</b>", (string)(await _site.Client.GetJsonAsync($"api/conversations/{ids[0]}"))["title"]!);
        foreach (string title in new[] { "", " ", new string('x', 201) })
        {
            using HttpResponseMessage refused = await _site.Client.PatchAsync($"api/conversations/{ids[0]}", ApiClient.Json(new JsonObject { ["title"] = title }.ToJsonString()), ApiClient.Cancellation);
            Assert.Equal(400, (int)(await refused.ProblemAsync())["status"]!);
        }

        using HttpResponseMessage deleted = await _site.Client.DeleteAsync($"api/conversations/{ids[1]}", ApiClient.Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal([ids[2], ids[0]], await IdsAsync("api/conversations"));
    }

    [Fact]
    public async Task Documents_come_from_the_index()
    {
        JsonArray documents = (await _site.Client.GetJsonAsync("api/documents"))["documents"]!.AsArray();
        Assert.Equal(["""{"path":"a.md","title":"About a","chunks":2}""", """{"path":"b/c.txt","title":"About c","chunks":1}"""], documents.Select(one => one!.ToJsonString()));
        JsonNode text = await _site.Client.GetJsonAsync("api/documents/text?path=b%2Fc.txt");
        Assert.Equal(("b/c.txt", "About c", "Other."), ((string)text["path"]!, (string)text["title"]!, (string)text["text"]!));
    }

    [Fact]
    public async Task The_state_tells_how_far_reading_has_come_and_what_could_not_be_read()
    {
        TaskCompletionSource reading = new(TaskCreationOptions.RunContinuationsAsynchronously), end = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _site.Scan = async (progress, _) =>
        {
            progress.Report(new ScanProgress(3, 7, "d.md"));
            reading.SetResult();
            await end.Task;
            return [new FailedDocument("e.md", "It is not text.")];
        };
        using HttpResponseMessage accepted = await _site.Client.PostAsync("api/documents/refresh", ApiClient.Json("{}"), ApiClient.Cancellation);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        await reading.Task;
        JsonNode during = await _site.Client.GetJsonAsync("api/status");
        Assert.Equal("""{"running":true,"done":3,"total":7,"current":"d.md","failures":[]}""", during["ingestion"]!.ToJsonString());
        end.SetResult();

        _site.Scan = (_, _) => throw new IOException("The folder is gone.");
        Task second = _site.Folder.RefreshAsync();
        await second;
        JsonNode after = await _site.Client.GetJsonAsync("api/status");
        Assert.Equal(("Scripted", 2, 3), ((string)after["model"]!, (int)after["documents"]!, (int)after["chunks"]!));
        Assert.Equal("The folder is gone.", (string)after["ingestion"]!["failures"]![0]!["message"]!);
        Assert.False((bool)after["ingestion"]!["running"]!);
    }

    private async Task<string[]> IdsAsync(string path) =>
        [.. (await _site.Client.GetJsonAsync(path))["conversations"]!.AsArray().Select(one => (string)one!["id"]!)];
}
