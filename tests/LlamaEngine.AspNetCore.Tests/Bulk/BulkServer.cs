using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests.Bulk;

/// <summary>An app over the demo model with a data folder, for the tests of a class.</summary>
public sealed class BulkServer : IAsyncLifetime
{
    /// <summary>Most bytes of a file.</summary>
    public const int MaxFileBytes = 100_000;

    private readonly TestFolder _folder = new();

    public TestServer Server { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync(services =>
    {
        services.AddLlamaEngine(options => options.ModelPath = TestServer.Lexicon);
        services.AddLlamaEngineServer(options =>
        {
            options.DataFolder = _folder["data"];
            options.MaxFileBytes = MaxFileBytes;
        });
    });

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>Posts a form.</summary>
    /// <param name="fields">Its fields; <c>file</c> becomes a file named in.jsonl.</param>
    public Task<Reply> PostFormAsync(params (string Name, string Value)[] fields) =>
        PostFormAsync(Array.ConvertAll(fields, field => (field.Name, Encoding.UTF8.GetBytes(field.Value))));

    /// <summary>Posts a form of bytes.</summary>
    public async Task<Reply> PostFormAsync(params (string Name, byte[] Value)[] fields)
    {
        using MultipartFormDataContent form = [];
        foreach ((string name, byte[] value) in fields)
        {
            if (name == "file")
                form.Add(new ByteArrayContent(value), name, "in.jsonl");
            else
                form.Add(new ByteArrayContent(value), name);
        }
        using HttpResponseMessage response = await Server.Http.PostAsync(new Uri("/v1/files", UriKind.Relative), form, Cancellation);
        return await Reply.ReadAsync(response);
    }

    /// <summary>Stores a file, and gives its id.</summary>
    public Task<string> UploadAsync(string content) => UploadAsync(Encoding.UTF8.GetBytes(content));

    /// <summary>Begins a batch of completions, and gives its id.</summary>
    public Task<string> BeginAsync(string content) => BeginAsync(Encoding.UTF8.GetBytes(content));

    /// <summary>Stores a file of bytes, and gives its id.</summary>
    public async Task<string> UploadAsync(byte[] content)
    {
        Reply reply = await PostFormAsync(("file", content), ("purpose", "batch"u8.ToArray()));
        Assert.True(reply.Status == 200, reply.Text);
        return (string)reply.Json["id"]!;
    }

    /// <summary>Begins a batch of bytes.</summary>
    public async Task<string> BeginAsync(byte[] content)
    {
        string file = await UploadAsync(content);
        Reply reply = await Server.PostAsync("/v1/batches", new JsonObject
        {
            ["input_file_id"] = file, ["endpoint"] = "/v1/completions", ["completion_window"] = "24h",
        }.ToJsonString());
        Assert.True(reply.Status == 200, reply.Text);
        return (string)reply.Json["id"]!;
    }

    /// <summary>Waits for the end of a batch.</summary>
    public async Task<JsonNode> EndAsync(string id)
    {
        while (true)
        {
            JsonNode batch = (await GetAsync($"/v1/batches/{id}")).Json;
            if ((string?)batch["status"] is "completed" or "failed" or "cancelled" or "expired")
                return batch;
            await Task.Delay(5, Cancellation);
        }
    }

    public async Task<Reply> GetAsync(string path)
    {
        using HttpResponseMessage response = await Server.Http.GetAsync(new Uri(path, UriKind.Relative), Cancellation);
        return await Reply.ReadAsync(response);
    }

    public async Task<Reply> DeleteAsync(string path)
    {
        using HttpResponseMessage response = await Server.Http.DeleteAsync(new Uri(path, UriKind.Relative), Cancellation);
        return await Reply.ReadAsync(response);
    }
}
