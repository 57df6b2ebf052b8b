using RagChatbot.CommandLine;

namespace LlamaEngine.Rag.Tests.Engines;

/// <summary>The sample's command line with servers.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("servers-").FullName;
    private readonly StringWriter _output = new(), _error = new();

    public CommandTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "documents"));
        File.WriteAllText(Path.Combine(_folder, "documents", "buoys.md"), "The colour of the zorkle buoy is purple.\n");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Servers_answer_and_see_the_passage()
    {
        await using FakeServer server = await FakeServer.StartAsync(FakeServer.Say("Purple", " [1]"));
        Assert.Equal(0, await RunAsync("--endpoint", server.Url.ToString()));
        Assert.StartsWith("Purple [1]", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("The colour of the zorkle buoy is purple.", server.Bodies.Single()["messages"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hosts_file_that_is_missing_is_a_failure()
    {
        Assert.Equal(1, await RunAsync("--hosts-file", Path.Combine(_folder, "hosts")));
        Assert.StartsWith("The hosts file ", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_refuses_is_named()
    {
        await using FakeServer server = await FakeServer.StartAsync(FakeServer.Refuse(503, "Loading."));
        string hosts = Path.Combine(_folder, "hosts");
        await File.WriteAllTextAsync(hosts, $"# one\n{server.Url}\n", TestContext.Current.CancellationToken);
        Assert.Equal(1, await RunAsync("--hosts-file", hosts));
        Assert.Contains($"No server answers. {server.Url} answered 503", _error.ToString(), StringComparison.Ordinal);
    }

    private Task<int> RunAsync(params string[] servers) => ChatbotCommand.RunAsync(
        ["--ask", "Which colour is the zorkle buoy?", "--documents", Path.Combine(_folder, "documents"), "--data", Path.Combine(_folder, "data"), .. servers],
        new Terminal(_output, _error), TestContext.Current.CancellationToken);
}
