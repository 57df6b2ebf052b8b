using System.Text;
using System.Text.Json.Nodes;

namespace LlamaEngine.Cli.Tests;

/// <summary>Batches of <c>serve --data</c>, whatever ends the server.</summary>
public sealed class ServeBatchTests : IDisposable
{
    private const int Count = 2000;

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The server is killed after a part of the requests, told to stop after another, and ends the work when it is started again.</summary>
    [Fact]
    public async Task A_batch_survives_the_server()
    {
        string id;
        int done;
        await using (ServerProcess server = await StartAsync())
        {
            id = await BeginAsync(server);
            done = await UntilAsync(server, id, 300);
            server.Signal("KILL");
            await server.WaitForExitAsync();
        }
        await using (ServerProcess server = await StartAsync())
        {
            // Nothing of what was reported is lost.
            await UntilAsync(server, id, done);
            done = await UntilAsync(server, id, 1000);
            server.Signal("TERM");
            Assert.Equal(0, (await server.WaitForExitAsync()).ExitCode);
        }
        await using ServerProcess last = await StartAsync();
        await UntilAsync(last, id, done);
        JsonNode batch = await EndAsync(last, id);
        Assert.Equal(("completed", Count), ((string)batch["status"]!, (int)batch["request_counts"]!["completed"]!));
        JsonNode[] results = [.. (await last.GetAsync($"/v1/files/{batch["output_file_id"]}/content")).Body.TrimEnd('\n').Split('\n').Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(Enumerable.Range(0, Count).Select(n => $"item-{n}"), results.Select(result => (string)result["custom_id"]!));
        Assert.Equal(Count, results.Select(result => (string)result["id"]!).Distinct().Count());
        Assert.All(results, result => Assert.Equal(200, (int)result["response"]!["status_code"]!));
    }

    [Fact]
    public async Task A_data_folder_is_one_servers()
    {
        await using ServerProcess server = await StartAsync();
        (int exitCode, string log) = await ServerProcess.FailAsync("http://127.0.0.1:0", "--data", _folder.FileOf("data"));
        Assert.Equal(1, exitCode);
        Assert.Contains(_folder.FileOf("data"), log, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private Task<ServerProcess> StartAsync() => ServerProcess.StartAsync("--data", _folder.FileOf("data"));

    private static async Task<string> BeginAsync(ServerProcess server)
    {
        string input = string.Join('\n', Enumerable.Range(0, Count).Select(n => new JsonObject
        {
            ["custom_id"] = $"item-{n}",
            ["method"] = "POST",
            ["url"] = "/v1/completions",
            ["body"] = new JsonObject { ["prompt"] = $"word {n}", ["max_tokens"] = 8, ["temperature"] = 0 },
        }.ToJsonString()));
        using MultipartFormDataContent form = new() { { new StringContent("batch"), "purpose" }, { new ByteArrayContent(Encoding.UTF8.GetBytes(input)), "file", "in.jsonl" } };
        using HttpResponseMessage upload = await server.Client.PostAsync(new Uri("/v1/files", UriKind.Relative), form, Cancellation);
        JsonNode file = JsonNode.Parse(await upload.Content.ReadAsStringAsync(Cancellation))!;
        JsonObject request = new() { ["input_file_id"] = (string)file["id"]!, ["endpoint"] = "/v1/completions", ["completion_window"] = "24h" };
        using HttpResponseMessage response = await server.PostAsync("/v1/batches", request.ToJsonString());
        return (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancellation))!["id"]!;
    }

    private static async Task<JsonNode> GetAsync(ServerProcess server, string id) => JsonNode.Parse((await server.GetAsync($"/v1/batches/{id}")).Body)!;

    /// <summary>Waits until at least so many requests are done, and says how many are.</summary>
    private static async Task<int> UntilAsync(ServerProcess server, string id, int count)
    {
        while (true)
        {
            JsonNode batch = await GetAsync(server, id);
            int done = (int)batch["request_counts"]!["completed"]!;
            if (done >= count)
                return done;
            Assert.Contains((string)batch["status"]!, (string[])["validating", "in_progress"]);
            await Task.Delay(5, Cancellation);
        }
    }

    private static async Task<JsonNode> EndAsync(ServerProcess server, string id)
    {
        while (true)
        {
            JsonNode batch = await GetAsync(server, id);
            if ((string)batch["status"]! is not ("validating" or "in_progress" or "finalizing"))
                return batch;
            await Task.Delay(20, Cancellation);
        }
    }
}
