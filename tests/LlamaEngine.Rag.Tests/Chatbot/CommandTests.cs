using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using LlamaEngine.Rag.Tests.Engines;
using RagChatbot.CommandLine;

namespace LlamaEngine.Rag.Tests.Chatbot;

/// <summary>The command line: questions on the console, and what is said of a wrong one.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("command-").FullName;
    private readonly StringWriter _output = new(), _error = new();

    private string Data => Path.Combine(_folder, "data");

    private string Documents => Path.Combine(_folder, "documents");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_question_is_answered_with_its_source()
    {
        Write("buoys.md", "# Buoys\n\n## Colours\n\nThe zorkle buoy is painted purple.\n");
        Assert.Equal(0, await RunAsync("--ask", "Which colour is the zorkle buoy?"));
        Assert.Contains("The zorkle buoy is painted purple.", _output.ToString(), StringComparison.Ordinal);
        Assert.Matches(@"Sources:\n\[1\] buoys\.md:5  .*Colours", _output.ToString().ReplaceLineEndings("\n"));
        Assert.Equal("", _error.ToString()); // nobody watches: no progress
    }

    [Fact]
    public async Task JSON_is_one_value_and_documents_are_read_again_where_they_changed()
    {
        Write("buoys.md", "The colour of the zorkle buoy is purple.\n");
        Assert.Equal(0, await RunAsync("--ask", "Which colour is the zorkle buoy?", "--json"));
        JsonNode answer = JsonNode.Parse(_output.ToString())!;
        Assert.Equal("Which colour is the zorkle buoy?", (string)answer["question"]!);
        Assert.Contains("purple", (string)answer["answer"]!, StringComparison.Ordinal);
        Assert.False((bool)answer["refusal"]!);
        JsonNode citation = Assert.Single(answer["citations"]!.AsArray())!;
        Assert.Equal(("buoys.md", 1, 1), ((string)citation["document"]!, (int)citation["line"]!, (int)citation["number"]!));
        Assert.True((int)answer["usage"]!["promptTokens"]! > 0);

        Write("buoys.md", "The colour of the zorkle buoy is yellow.\n");
        _output.GetStringBuilder().Clear();
        Assert.Equal(0, await RunAsync("--ask", "Which colour is the zorkle buoy?"));
        Assert.Contains("yellow", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_documents_do_not_say_is_refused_and_what_cannot_be_read_is_told()
    {
        Write("buoys.md", "The colour of the zorkle buoy is purple.\n");
        await File.WriteAllBytesAsync(Path.Combine(Documents, "broken.txt"), [0xFF, 0xFE, 0x00, 0xD8, 0x00, 0x00, 0x01], ApiClient.Cancellation);
        Assert.Equal(0, await RunAsync("--ask", "Who composed the opera Carmen?", "--json"));
        JsonNode answer = JsonNode.Parse(_output.ToString())!;
        Assert.True((bool)answer["refusal"]!);
        Assert.Empty(answer["citations"]!.AsArray());
        Assert.StartsWith("broken.txt was not read: ", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_document_cannot_move_the_cursor()
    {
        Write("buoys.md", "The colour of the zorkle buoy is \u001b[31mpurple\u0007.\n");
        Assert.Equal(0, await RunAsync("--ask", "Which colour is the zorkle buoy?"));
        Assert.DoesNotContain(_output.ToString(), character => char.IsControl(character) && character is not ('\n' or '\r' or '\t'));
        Assert.Contains("purple", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_data_folder_is_its_owners_alone()
    {
        Write("a.md", "Something.\n");
        Assert.Equal(0, await RunAsync("--ask", "What is there?"));
        Assert.True(File.Exists(Path.Combine(Data, "conversations.db")));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Data));
    }

    [Theory]
    [InlineData("--json", "--ask")]
    [InlineData("--ask ", "question")]
    [InlineData("--ask q --urls http://127.0.0.1:0", "--urls")]
    [InlineData("--urls ftp://x", "ftp://x")]
    [InlineData("--urls http://127.0.0.1:1/path", "/path")]
    [InlineData("--endpoint nonsense", "nonsense")]
    [InlineData("--endpoint ftp://x", "ftp://x")]
    [InlineData("--top-k 0", "--top-k")]
    [InlineData("--top-k 51", "51")]
    [InlineData("--threads x", "--threads")]
    [InlineData("--device gpu", "gpu")]
    [InlineData("--device cuda:1024", "1023")]
    [InlineData("--colour blue", "--colour")]
    [InlineData("--documents /nothing/here", "/nothing/here")]
    public async Task A_wrong_command_line_is_refused_with_the_reason(string line, string reason)
    {
        Assert.Equal(2, await ChatbotCommand.RunAsync(line.Split(' '), Terminal, ApiClient.Cancellation));
        Assert.Contains(reason, _error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public async Task A_model_that_is_not_there_is_a_failure()
    {
        Write("a.md", "Something.\n");
        Assert.Equal(1, await RunAsync("--ask", "q", "--model", "/nothing/model.gguf"));
        Assert.Contains("/nothing/model.gguf", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_answers_where_one_is_named_and_one_that_does_not_is_a_failure()
    {
        Write("buoys.md", "The colour of the zorkle buoy is purple.\n");
        FakeServer server = await FakeServer.StartAsync(FakeServer.Say("Purple", ", says the book. [1]"));
        string address = server.Url.AbsoluteUri;
        await using (server)
        {
            Assert.Equal(0, await RunAsync("--ask", "Which colour is the zorkle buoy?", "--endpoint", address));
            Assert.Matches(@"^Purple, says the book\. \[1\]\n\nSources:\n\[1\] buoys\.md:1 ", _output.ToString().ReplaceLineEndings("\n"));
            Assert.Contains("The colour of the zorkle buoy is purple.", Assert.Single(server.Bodies).ToJsonString(), StringComparison.Ordinal);
        }

        Assert.Equal(1, await RunAsync("--ask", "Which colour is the zorkle buoy?", "--endpoint", address));
        Assert.Contains(new Uri(address).Authority, _error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Internal error", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_a_failure_that_says_what_to_do()
    {
        Write("a.md", "Something.\n");
        using TcpListener taken = new(IPAddress.Loopback, 0);
        taken.Start();
        Assert.Equal(1, await RunAsync("--urls", $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}"));
        Assert.DoesNotContain("   at ", _error.ToString(), StringComparison.Ordinal);
        Assert.Contains("--urls takes another address", _error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", _output.ToString());
    }

    [Fact]
    public async Task The_page_is_served_until_the_program_is_told_to_stop()
    {
        Write("a.md", "Something.\n");
        using CancellationTokenSource stop = new();
        SignallingWriter output = new();
        Task<int> run = ChatbotCommand.RunAsync(["--urls", "http://127.0.0.1:0", "--documents", Documents, "--data", Data], new Terminal(output, _error), stop.Token);
        string line = await output.FirstLine;
        using HttpClient client = new();
        Assert.Contains("<title>Chat with documents</title>", await client.GetStringAsync(line.Split(' ').Single(word => word.StartsWith("http:", StringComparison.Ordinal)), ApiClient.Cancellation), StringComparison.Ordinal);
        await stop.CancelAsync();
        Assert.Equal(0, await run);
    }

    private Terminal Terminal => new(_output, _error);

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Documents);
        File.WriteAllText(Path.Combine(Documents, name), text);
    }

    private Task<int> RunAsync(params string[] arguments) => ChatbotCommand.RunAsync([.. arguments, "--documents", Documents, "--data", Data], Terminal, ApiClient.Cancellation);

    /// <summary>Tells of its first line.</summary>
    private sealed class SignallingWriter : StringWriter
    {
        private readonly TaskCompletionSource<string> _line = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> FirstLine => _line.Task;

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            _line.TrySetResult(value ?? "");
        }
    }
}
