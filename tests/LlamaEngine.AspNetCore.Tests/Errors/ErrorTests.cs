using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.AspNetCore.Tests.Errors;

/// <summary>What the engine throws, as requests see it: status, code and field, and never where files lie.</summary>
public sealed class ErrorTests : IDisposable
{
    private const string Path = "/v1/chat/completions", Body = """{"messages": [{"role": "user", "content": "river"}], "temperature": 0}""";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("llamaengine-rest-");

    public static TheoryData<Exception, int, string> Exceptions { get; } = new()
    {
        { new ContextLengthExceededException(9, 8), 400, "context_length_exceeded" },
        { new QueueFullException(4, 4), 429, "queue_full" },
        { new DeadlineExceededException(TimeSpan.FromSeconds(1), true, 3), 408, "deadline_exceeded" },
        { new ConversationBusyException("s"), 409, "session_busy" },
        { new ConversationLimitException("s", 1), 429, "session_limit" },
        { new ChatTemplateException("roles must alternate"), 400, "chat_template_error" },
        { new InsufficientDeviceMemoryException(2, 1, "Lower it."), 503, "insufficient_memory" },
        { new ObjectDisposedException("InferenceEngine"), 503, "shutting_down" },
        { new EngineFaultedException("boom"), 500, "engine_faulted" },
        { new ArgumentException("The prompt has no tokens.", "prompt"), 400, "invalid_value" },
        { new NotSupportedException("no images"), 400, "unsupported_parameter" },
        { new InvalidOperationException("inside"), 500, "internal_error" },
        { new ArgumentException("inside", "somewhere"), 500, "internal_error" },
        { new FormatException("inside"), 500, "internal_error" },
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Exceptions), DisableDiscoveryEnumeration = true)]
    public void Every_exception_has_a_status_and_a_code(Exception exception, int status, string code)
    {
        ApiException error = EngineErrors.Translate(exception, "messages");
        Assert.Equal((status, code), (error.Status, error.Code));
        Assert.Equal(status == 429, error.RetryAfter is not null);
        if (status == 500)
            Assert.DoesNotContain("inside", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_queue_is_429_with_the_time_to_wait()
    {
        await using TestServer server = await TestServer.StartAsync(services => services.AddLlamaEngine(options =>
        {
            options.ModelPath = TestServer.Lexicon;
            (options.MaxSequences, options.MaxQueuedRequests) = (1, 0);
        }));
        using Gate gate = await Gate.CloseAsync(server.Engine);
        Reply reply = await server.PostAsync(Path, Body);
        Assert.Equal((429, "rate_limit_error", "queue_full"), (reply.Status, (string?)reply.Error["type"], reply.Code));
        Assert.Equal(TimeSpan.FromSeconds(1), reply.Response.Headers.RetryAfter!.Delta);
        Reply streamed = await server.PostAsync(Path, Body.Replace("}]", "}], \"stream\": true", StringComparison.Ordinal));
        Assert.Equal((429, "queue_full"), (streamed.Status, streamed.Code));
        await gate.OpenAsync();
    }

    [Fact]
    public async Task One_turn_of_a_session_at_a_time_and_a_limit_of_sessions()
    {
        await using TestServer server = await TestServer.StartAsync(services =>
        {
            services.AddLlamaEngine(options => options.ModelPath = TestServer.Lexicon);
            services.AddLlamaEngineServer(options => options.Sessions = new() { MaxConversations = 1 });
        });
        string body = Body.Replace("}]", "}], \"session_id\": \"one\"", StringComparison.Ordinal);
        using Gate gate = await Gate.CloseAsync(server.Engine);
        Task<Reply>[] both = [server.PostAsync(Path, body), server.PostAsync(Path, body)];
        Reply refused = await await Task.WhenAny(both);
        Assert.Equal((409, "session_busy", "session_id"), (refused.Status, refused.Code, refused.Parameter));
        await gate.OpenAsync();
        Assert.Equal([200, 409], (await Task.WhenAll(both)).Select(reply => reply.Status).Order());
        string second = body.Replace("one", "two", StringComparison.Ordinal);
        Reply many = await server.PostAsync(Path, second);
        Assert.Equal((429, "session_limit"), (many.Status, many.Code));
        using HttpResponseMessage end = await server.Http.DeleteAsync(new Uri("/v1/sessions/one", UriKind.Relative), Token);
        Assert.Equal("""{"id":"one","object":"session","deleted":true}""", await end.Content.ReadAsStringAsync(Token));
        Assert.Equal(200, (await server.PostAsync(Path, second)).Status);
        using HttpResponseMessage unknown = await server.Http.DeleteAsync(new Uri("/v1/sessions/one", UriKind.Relative), Token);
        Assert.Equal(404, (int)unknown.StatusCode);
    }

    [Fact]
    public async Task A_model_that_cannot_be_loaded_is_500_without_paths_and_the_log_says_why()
    {
        string broken = System.IO.Path.Combine(_folder.FullName, "broken.gguf");
        await File.WriteAllBytesAsync(broken, [1, 2, 3], Token);
        using var log = new RecordingLog();
        await using TestServer server = await TestServer.StartAsync(services => services.AddLlamaEngineServer(options =>
        {
            options.Models.Add(new() { Name = "broken", Engine = new() { ModelPath = broken } });
            options.Models.Add(new() { Name = "missing", Engine = new() { ModelPath = broken + "x" } });
            options.Models.Add(new() { Name = "large", Engine = new() { ModelPath = TestServer.Lexicon, MemoryLimitBytes = 1 } });
        }), log);
        foreach ((string name, int status, string code) in new[] { ("broken", 500, "model_load_failed"), ("missing", 500, "model_load_failed"), ("large", 503, "insufficient_memory") })
        {
            Reply reply = await server.PostAsync(Path, $$"""{"model": "{{name}}", "messages": [{"role": "user", "content": "a"}]}""");
            Assert.Equal((status, "server_error", code), (reply.Status, (string?)reply.Error["type"], reply.Code));
            Assert.DoesNotContain(_folder.Name, reply.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("gguf", reply.Text, StringComparison.Ordinal);
        }
        Assert.Contains(log.Errors, exception => exception is ModelFormatException && exception.Message.Contains(broken, StringComparison.Ordinal));
        Assert.Contains(log.Errors, exception => exception is FileNotFoundException);
        Assert.Contains(log.Errors, exception => exception is InsufficientDeviceMemoryException);
    }

    [Fact]
    public async Task A_stopped_engine_is_503()
    {
        await using TestServer server = await TestServer.StartAsync();
        await server.Engine.DisposeAsync();
        Reply reply = await server.PostAsync(Path, Body);
        Assert.Equal((503, "shutting_down"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task What_goes_wrong_behind_the_first_piece_is_the_last_event()
    {
        await using TestServer server = await TestServer.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = new StringContent(
                """{"messages": [{"role": "user", "content": "river"}], "n": 64, "ignore_eos": true, "temperature": 1, "stream": true}""",
                System.Text.Encoding.UTF8, "application/json"),
        };
        using HttpResponseMessage response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        await server.Engine.DisposeAsync();
        string[] events = EventReader.Split(await response.Content.ReadAsStringAsync(Token));
        JsonNode error = JsonNode.Parse(events[^1])!["error"]!;
        Assert.Equal(("server_error", "shutting_down"), ((string)error["type"]!, (string)error["code"]!));
        Assert.All(events[..^1], data => Assert.NotNull(JsonNode.Parse(data)!["choices"]));
        Assert.True(events.Length > 1);
    }

    [Fact]
    public async Task A_prompt_may_have_a_limit_below_the_context()
    {
        await using TestServer server = await TestServer.StartAsync(services =>
        {
            services.AddLlamaEngine(options => options.ModelPath = TestServer.Lexicon);
            services.AddLlamaEngineServer(options => options.MaxPromptTokens = 5);
        });
        int[] tokens = [.. Enumerable.Repeat(40, 6)];
        foreach ((string path, string field) in new[] { ("/v1/completions", "prompt"), ("/v1/embeddings", "input") })
        {
            Reply longer = await server.PostAsync(path, $$"""{"{{field}}": [{{string.Join(',', tokens)}}]}""");
            Assert.Equal((400, "prompt_too_long", field), (longer.Status, longer.Code, longer.Parameter));
            Assert.Equal(200, (await server.PostAsync(path, $$"""{"{{field}}": [{{string.Join(',', tokens[1..])}}]}""")).Status);
        }
        Reply chat = await server.PostAsync(Path, Body);
        Assert.Equal((400, "prompt_too_long", "messages"), (chat.Status, chat.Code, chat.Parameter));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private sealed class RecordingLog : ILoggerProvider, ILogger
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<Exception> _errors = [];

        public IReadOnlyCollection<Exception> Errors => _errors;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is not null && eventId.Id == 100)
                _errors.Enqueue(exception);
        }

        public void Dispose()
        {
        }
    }
}
