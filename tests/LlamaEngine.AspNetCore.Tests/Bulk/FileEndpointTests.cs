using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

public sealed class FileEndpointTests(BulkServer fixture) : IClassFixture<BulkServer>
{
    [Fact]
    public async Task A_file_is_stored_described_read_and_deleted()
    {
        Reply created = await fixture.PostFormAsync(
            ("purpose", "batch"), ("expires_after[anchor]", "created_at"), ("expires_after[seconds]", "3600"), ("file", "Grüße\n"));
        JsonNode file = created.Json;
        Assert.Equal(200, created.Status);
        Assert.StartsWith("file-", (string)file["id"]!, StringComparison.Ordinal);
        Assert.Equal(("file", 8, "in.jsonl", "batch", "processed"), ((string)file["object"]!, (int)file["bytes"]!, (string)file["filename"]!, (string)file["purpose"]!, (string)file["status"]!));
        Assert.Equal(3600, (long)file["expires_at"]! - (long)file["created_at"]!);
        string path = $"/v1/files/{file["id"]}";
        Assert.Equal(created.Text, (await fixture.GetAsync(path)).Text);
        Assert.Equal("Grüße\n", (await fixture.GetAsync(path + "/content")).Text);
        Reply deleted = await fixture.DeleteAsync(path);
        Assert.Equal(((string)file["id"]!, true), ((string)deleted.Json["id"]!, (bool)deleted.Json["deleted"]!));
        foreach (Reply gone in new[] { await fixture.GetAsync(path), await fixture.GetAsync(path + "/content"), await fixture.DeleteAsync(path) })
            Assert.Equal((404, "file_id"), (gone.Status, gone.Parameter));
    }

    [Theory]
    [InlineData("file=x", 400, "purpose")]
    [InlineData("purpose=batch", 400, "file")]
    [InlineData("file=x;purpose=assistants", 400, "purpose")]
    [InlineData("file=x;purpose=batch;purpose=batch", 400, "purpose")]
    [InlineData("file=x;file=y;purpose=batch", 400, "file")]
    [InlineData("file=x;purpose=batch;colour=red", 400, "colour")]
    [InlineData("file=x;purpose=batch;expires_after[seconds]=3600", 400, "expires_after[anchor]")]
    [InlineData("file=x;purpose=batch;expires_after[anchor]=created_at", 400, "expires_after[seconds]")]
    [InlineData("file=x;purpose=batch;expires_after[anchor]=created_at;expires_after[seconds]=3599", 400, "expires_after[seconds]")]
    [InlineData("file=x;purpose=batch;expires_after[anchor]=created_at;expires_after[seconds]=2592001", 400, "expires_after[seconds]")]
    public async Task A_wrong_form_is_refused_by_the_field(string form, int status, string parameter)
    {
        Reply reply = await fixture.PostFormAsync([.. form.Split(';').Select(field => (field[..field.IndexOf('=')], field[(field.IndexOf('=') + 1)..]))]);
        Assert.Equal((status, parameter), (reply.Status, reply.Parameter));
    }

    [Fact]
    public async Task A_file_may_have_as_many_bytes_as_the_limit_says()
    {
        Assert.Equal(200, (await fixture.PostFormAsync(("purpose", "batch"), ("file", new string('x', BulkServer.MaxFileBytes)))).Status);
        foreach (int length in (int[])[BulkServer.MaxFileBytes + 1, 10 * BulkServer.MaxFileBytes])
            Assert.Equal(413, (await fixture.PostFormAsync(("purpose", "batch"), ("file", new string('x', length)))).Status);
    }

    [Theory]
    [InlineData("application/json", "{}", 415)]
    [InlineData("multipart/form-data", "x", 415)]
    [InlineData("multipart/form-data; boundary=b", "", 400)]
    [InlineData("multipart/form-data; boundary=b", "nothing of the kind", 400)]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nno end", 400)]
    [InlineData("multipart/form-data; boundary=b", "--b\r\n\r\nno name\r\n--b--\r\n", 400)]
    [InlineData("multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nno filename\r\n--b--\r\n", 400)]
    public async Task What_is_no_form_is_refused(string type, string body, int status) =>
        Assert.Equal(status, (await fixture.Server.PostAsync("/v1/files", System.Text.Encoding.UTF8.GetBytes(body), type)).Status);

    [Fact]
    public async Task Files_are_listed_in_parts()
    {
        await using BulkServerScope own = await BulkServerScope.StartAsync();
        List<string> ids = [];
        for (int i = 0; i < 5; i++)
            ids.Add(await own.Server.UploadAsync("x"));
        Assert.Equal(ids, await ReadAllAsync(own.Server, "order=asc&"));
        ids.Reverse();
        Assert.Equal(ids, await ReadAllAsync(own.Server, ""));
        Assert.Equal(5, ((await own.Server.GetAsync("/v1/files?purpose=batch")).Json["data"] as JsonArray)!.Count);
        Assert.Empty((JsonArray)(await own.Server.GetAsync("/v1/files?purpose=batch_output")).Json["data"]!);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=10001", "limit")]
    [InlineData("limit=2&limit=3", "limit")]
    [InlineData("limit=%2B1", "limit")]
    [InlineData("order=random", "order")]
    [InlineData("after=file-0", "after")]
    [InlineData("before=file-0", "before")]
    public async Task A_wrong_query_is_refused_by_its_field(string query, string parameter)
    {
        Reply reply = await fixture.GetAsync("/v1/files?" + query);
        Assert.Equal((400, parameter), (reply.Status, reply.Parameter));
    }

    private static async Task<List<string>> ReadAllAsync(BulkServer server, string query)
    {
        List<string> ids = [];
        string after = "";
        while (true)
        {
            JsonNode page = (await server.GetAsync($"/v1/files?{query}limit=2{after}")).Json;
            string[] part = [.. ((JsonArray)page["data"]!).Select(file => (string)file!["id"]!)];
            Assert.Equal((part[0], part[^1]), ((string)page["first_id"]!, (string)page["last_id"]!));
            ids.AddRange(part);
            if (!(bool)page["has_more"]!)
                return ids;
            Assert.Equal(2, part.Length);
            after = $"&after={part[^1]}";
        }
    }

    /// <summary>A server of one test.</summary>
    private sealed class BulkServerScope(BulkServer server) : IAsyncDisposable
    {
        public BulkServer Server => server;

        public static async Task<BulkServerScope> StartAsync()
        {
            BulkServer server = new();
            await server.InitializeAsync();
            return new BulkServerScope(server);
        }

        public ValueTask DisposeAsync() => server.DisposeAsync();
    }
}
