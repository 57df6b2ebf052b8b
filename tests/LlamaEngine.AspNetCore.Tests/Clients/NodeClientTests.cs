using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.Clients;

/// <summary>OpenAI's client for Node against the server. Needs node and npm, which fetches the client the first time.</summary>
public sealed class NodeClientTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private static readonly TimeSpan s_most = TimeSpan.FromMinutes(3);

    private TestServer Server => fixture.Server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Folder
    {
        get
        {
            DirectoryInfo folder = new(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "Engine.sln")))
                folder = folder.Parent!;
            return Path.Combine(folder.FullName, "tests", "LlamaEngine.AspNetCore.Tests", "Clients", "Node");
        }
    }

    [Fact]
    public async Task It_gets_what_the_engine_gives_in_process()
    {
        await InstallAsync();
        InferenceEngine engine = Server.Engine;
        (int status, string output, string error) = await RunAsync("node", "client.mjs", Server.Url.ToString(), TestServer.Model);
        Assert.True(status == 0, error);
        JsonNode result = JsonNode.Parse(output)!;

        var camera = Prompt.FromUser("What is a camera?");
        Completion greedy = await engine.CompleteAsync(camera, new GenerationOptions { Temperature = 0, TopLogProbabilities = 2 }, Token);
        Assert.Equal((greedy.Text, "stop"), ((string)result["chat"]!, (string)result["finish"]!));
        Assert.Equal(greedy.LogProbabilities[..^1], result["tokens"]!.AsArray().Select(value => (float)value!));
        Assert.Equal(greedy.Usage.TotalTokens, (int)result["usage"]!["total_tokens"]!);
        Assert.Equal(greedy.Usage.TotalTokens, (int)result["streamUsage"]!["total_tokens"]!);
        Assert.Equal(greedy.Text, string.Concat(result["pieces"]!.AsArray().Select(piece => (string)piece!)));
        Assert.Equal(greedy.Text, (string)result["helper"]!);

        var several = new GenerationOptions { Choices = 3, Seed = 5, Temperature = 1.2f, MaxTokens = 12 };
        Assert.Equal((await engine.CompleteAllAsync(camera, several, Token)).Select(one => one.Text), Texts("choices"));
        var eight = new GenerationOptions { MaxTokens = 8, Temperature = 1, Seed = 2, IgnoreEndTokens = true };
        string[] texts = [(await engine.CompleteAsync("A river is", eight, Token)).Text, (await engine.CompleteAsync("Music", eight, Token)).Text];
        Assert.Equal(texts, Texts("completions"));
        Assert.Equal(texts[0], (string)result["completionStream"]!);
        for (int i = 0; i < 2; i++)
        {
            PromptEmbedding expected = await engine.EmbedAsync(i == 0 ? "river" : "lake", new EmbeddingOptions { Normalize = true }, Token);
            Assert.Equal(expected.Vector.ToArray(), result["embeddings"]![i]!.AsArray().Select(value => (float)(double)value!));
        }
        Assert.Equal([TestServer.Model], Texts("models"));
        Assert.Equal(TestServer.Model, (string)result["model"]!);
        Assert.Equal("""{"status":404,"code":"model_not_found","param":"model","kind":"NotFoundError"}""", result["unknown"]!.ToJsonString());
        Assert.Equal("""{"status":400,"code":"invalid_value","param":"temperature","kind":"BadRequestError"}""", result["wrong"]!.ToJsonString());
        await engine.WaitUntilIdleAsync();

        string[] Texts(string name) => [.. result[name]!.AsArray().Select(text => (string)text!)];
    }

    /// <summary>Fetches the client, unless it is there; skips the test where that cannot be done.</summary>
    private static async Task InstallAsync()
    {
        if (Directory.Exists(Path.Combine(Folder, "node_modules", "openai")))
            return;
        try
        {
            (int status, _, string error) = await RunAsync("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
            if (status != 0)
                Assert.Skip($"npm could not fetch the client: {error}");
        }
        catch (Win32Exception)
        {
            Assert.Skip("needs node and npm, which this machine does not have");
        }
    }

    private static async Task<(int Status, string Output, string Error)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(s_most);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return (-1, "", $"{program} did not end within {s_most}.");
        }
    }
}
