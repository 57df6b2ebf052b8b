using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace LlamaEngine.Cli.Tests;

/// <summary><c>serve</c> as job scripts use it: started, found by its endpoint file, asked, told to stop.</summary>
public sealed class ServeTests
{
    private const string Chat = "/v1/chat/completions";

    private const string Camera = """{"messages":[{"role":"user","content":"What is a camera?"}]}""";

    // More than the buffers between server and client hold, so that it cannot end before it is read.
    private const string Endless = """{"prompt":"a","n":128,"max_tokens":400,"ignore_eos":true,"stream":true}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_says_where_it_is_answers_and_ends_when_told()
    {
        await using ServerProcess server = await ServerProcess.StartAsync();
        JsonElement file = server.ReadEndpointFile();
        Assert.Equal(server.Id, file.GetProperty("pid").GetInt32());
        Assert.Equal(["lexicon"], file.GetProperty("models").EnumerateArray().Select(model => model.GetString()));
        Assert.True(DateTimeOffset.TryParse(file.GetProperty("started").GetString(), out DateTimeOffset _));
        Assert.Equal((HttpStatusCode.OK, """{"status":"live"}"""), await server.GetAsync("/health/live"));
        Assert.Equal((HttpStatusCode.OK, """{"status":"ready"}"""), await server.GetAsync("/health/ready"));
        using (HttpResponseMessage reply = await server.PostAsync(Chat, Camera))
            Assert.Contains("camera (noun): equipment for taking photographs.", await reply.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        (HttpStatusCode status, string metrics) = await server.GetAsync("/metrics");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Contains("llamaengine_tokens_total{gen_ai_request_model=\"Lexicon 5M\",gen_ai_token_type=\"output\"} 13\n", metrics, StringComparison.Ordinal);
        server.Signal("TERM");
        (int exitCode, string log) = await server.WaitForExitAsync();
        Assert.True(exitCode == ExitCodes.Success, log);
        Assert.False(File.Exists(server.EndpointFile));
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_running_request_may_finish_and_new_ones_are_refused(string signal)
    {
        await using ServerProcess server = await ServerProcess.StartAsync("--drain-seconds", "300");
        using HttpResponseMessage running = await server.PostAsync("/v1/completions", Endless);
        server.Signal(signal);
        while ((await server.GetAsync("/health/ready")).Status == HttpStatusCode.OK)
            await Task.Delay(1, Token);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, """{"status":"draining"}"""), await server.GetAsync("/health/ready"));
        Assert.False(File.Exists(server.EndpointFile));
        using (HttpResponseMessage refused = await server.PostAsync(Chat, Camera))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
            Assert.Contains("\"code\":\"shutting_down\"", await refused.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        }
        Assert.EndsWith("data: [DONE]\n\n", await running.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
        (int exitCode, string log) = await server.WaitForExitAsync();
        Assert.True(exitCode == ExitCodes.Success, log);
    }

    [Fact]
    public async Task What_does_not_end_in_time_is_cut_off_with_an_error_and_an_exit_code()
    {
        await using ServerProcess server = await ServerProcess.StartAsync("--drain-seconds", "0");
        using HttpResponseMessage running = await server.PostAsync("/v1/completions", Endless);
        server.Signal("TERM");
        string text = await running.Content.ReadAsStringAsync(Token);
        Assert.DoesNotContain("[DONE]", text, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"shutting_down\"", text[text.LastIndexOf("data: ", StringComparison.Ordinal)..], StringComparison.Ordinal);
        (int exitCode, string log) = await server.WaitForExitAsync();
        Assert.True(exitCode == ExitCodes.CutOff, log);
    }

    [Fact]
    public async Task Keys_open_the_API_and_have_limits_of_their_own()
    {
        using TemporaryFolder folder = new();
        string keys = folder.FileOf("keys");
        await File.WriteAllLinesAsync(keys, [$"anna {Hash("anna's")}", $"bela {Hash("bela's")} requests_per_minute=1", $"cleo {Hash("cleo's")} tokens_per_minute=10"], Token);
        await using ServerProcess server = await ServerProcess.StartAsync("--api-key-file", keys);
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(null));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("Anna's"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("anna's"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("anna's"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("bela's"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync("bela's"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync("cleo's"));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync("cleo's"));
        Assert.Equal(HttpStatusCode.OK, (await server.GetAsync("/health/ready")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.GetAsync("/metrics")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.GetAsync("/v1/models")).Status);

        async Task<HttpStatusCode> StatusAsync(string? key)
        {
            using HttpResponseMessage response = await server.PostAsync(Chat, Camera, key);
            Assert.Equal(response.StatusCode == HttpStatusCode.TooManyRequests, response.Headers.RetryAfter is not null);
            return response.StatusCode;
        }
    }

    [Fact]
    public async Task Several_models_are_served_by_name()
    {
        await using ServerProcess server = await ServerProcess.StartAsync("--model", $"first={CliRun.Lexicon}", "--model", $"second={CliRun.Lexicon}");
        Assert.Equal("first", await ModelAsync(Camera));
        Assert.Equal("second", await ModelAsync(Camera.Replace("{\"messages", "{\"model\":\"second\",\"messages", StringComparison.Ordinal)));
        using HttpResponseMessage unknown = await server.PostAsync(Chat, Camera.Replace("{\"messages", "{\"model\":\"third\",\"messages", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);

        async Task<string?> ModelAsync(string body)
        {
            using HttpResponseMessage reply = await server.PostAsync(Chat, body);
            using JsonDocument json = JsonDocument.Parse(await reply.Content.ReadAsByteArrayAsync(Token));
            return json.RootElement.GetProperty("model").GetString();
        }
    }

    [Fact]
    public async Task It_can_be_measured_like_an_engine()
    {
        await using ServerProcess server = await ServerProcess.StartAsync();
        string url = server.Client.BaseAddress!.ToString();
        CliRun run = await CliRun.RunAsync(
            "bench-serving", "--url", url, "--model", CliRun.Lexicon, "--users", "3", "--requests", "5", "--prompt", "8", "--gen", "7", "--json");
        using JsonDocument result = JsonDocument.Parse(run.Succeeded().Output);
        Assert.Equal("lexicon", result.RootElement.GetProperty("model").GetString());
        JsonElement measured = Assert.Single(result.RootElement.GetProperty("runs").EnumerateArray());
        Assert.Equal((5, 5 * 8, 5 * 7), (measured.GetProperty("requests").GetInt32(), measured.GetProperty("prompt_tokens").GetInt32(), measured.GetProperty("generated_tokens").GetInt32()));
        (await CliRun.RunAsync("bench-serving", "--url", url, "--model", CliRun.Lexicon, "--verify")).Failed(ExitCodes.Usage);
    }

    [Fact]
    public async Task Unknown_paths_and_methods_are_answered_like_other_errors()
    {
        await using ServerProcess server = await ServerProcess.StartAsync();
        (HttpStatusCode status, string body) = await server.GetAsync("/v1/chat/completion");
        Assert.Equal((HttpStatusCode.NotFound, "unknown_url"), (status, CodeOf(body)));
        using HttpResponseMessage response = await server.Client.GetAsync(new Uri(Chat, UriKind.Relative), Token);
        Assert.Equal(
            (HttpStatusCode.MethodNotAllowed, "method_not_allowed"), (response.StatusCode, CodeOf(await response.Content.ReadAsStringAsync(Token))));
        Assert.Equal(["POST"], response.Content.Headers.Allow);

        static string? CodeOf(string body) => JsonElement.Parse(body).GetProperty("error").GetProperty("code").GetString();
    }

    [Fact]
    public async Task It_listens_on_a_Unix_socket()
    {
        using TemporaryFolder folder = new();
        await using ServerProcess server = await ServerProcess.StartAtAsync($"http://unix:{folder.FileOf("s")}");
        Assert.Equal((HttpStatusCode.OK, """{"status":"ready"}"""), await server.GetAsync("/health/ready"));
    }

    [Fact]
    public async Task Pages_of_other_origins_may_call_it_only_where_they_are_named()
    {
        await using ServerProcess open = await ServerProcess.StartAsync("--cors-origin", "https://example.org");
        await using ServerProcess closed = await ServerProcess.StartAsync();
        Assert.Equal("https://example.org", await AllowedAsync(open, "https://example.org"));
        Assert.Null(await AllowedAsync(open, "https://example.com"));
        Assert.Null(await AllowedAsync(closed, "https://example.org"));

        static async Task<string?> AllowedAsync(ServerProcess server, string origin)
        {
            using HttpRequestMessage message = new(HttpMethod.Options, "/v1/chat/completions")
            {
                Headers = { { "Origin", origin }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "content-type" } },
            };
            using HttpResponseMessage response = await server.Client.SendAsync(message, Token);
            return response.Headers.TryGetValues("Access-Control-Allow-Origin", out IEnumerable<string>? values) ? values.Single() : null;
        }
    }

    [Fact]
    public async Task What_keeps_it_from_starting_is_said_in_a_line()
    {
        using TemporaryFolder folder = new();
        await using ServerProcess server = await ServerProcess.StartAsync();
        await FailsAsync(ExitCodes.Failure, "address already in use", server.Client.BaseAddress!.ToString().TrimEnd('/'));
        await FailsAsync(ExitCodes.Failure, "no.gguf", "http://127.0.0.1:0", "--model", folder.FileOf("no.gguf"));
        await FailsAsync(ExitCodes.Failure, "no-keys", "http://127.0.0.1:0", "--api-key-file", folder.FileOf("no-keys"));
        await FailsAsync(ExitCodes.Usage, "--urls takes addresses like", "ftp://127.0.0.1");
        await FailsAsync(ExitCodes.Usage, "Two models are named 'a'", "http://127.0.0.1:0", "--model", $"a={CliRun.Lexicon}", "--model", $"a={CliRun.Lexicon}");

        static async Task FailsAsync(int exitCode, string message, string url, params string[] arguments)
        {
            (int ended, string log) = await ServerProcess.FailAsync(url, arguments);
            Assert.True(ended == exitCode, $"{ended}: {log}");
            // The log, whose lines begin with the time, is written by a thread of its own and may come behind it.
            Assert.Contains(
                log.Split('\n', StringSplitOptions.RemoveEmptyEntries),
                line => !char.IsAsciiDigit(line[0]) && line.Contains(message, StringComparison.OrdinalIgnoreCase));
            Assert.DoesNotContain("Internal error", log, StringComparison.Ordinal);
        }
    }

    private static string Hash(string key) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
