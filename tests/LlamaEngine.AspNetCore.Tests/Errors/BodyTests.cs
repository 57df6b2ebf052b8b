using System.Net;
using System.Text;

namespace LlamaEngine.AspNetCore.Tests.Errors;

/// <summary>Bodies that are no request: each has a status of its own and a message that helps.</summary>
public sealed class BodyTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private const string Good = """{"messages": [{"role": "user", "content": "a"}], "max_tokens": 1}""";

    private static readonly string[] s_paths =
        ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/tokenize", "/detokenize", "/apply-template"];

    private TestServer Server => fixture.Server;

    public static TheoryData<string, byte[], string> Broken { get; } = new()
    {
        { "empty", [], "empty" },
        { "space", " "u8.ToArray(), "JSON" },
        { "mark", [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Good)], "byte order mark" },
        { "utf16", Encoding.Unicode.GetBytes(Good), "JSON" },
        { "invalid utf8", [.. "{\"model\": \""u8, 0xFF, 0xC0, .. "\"}"u8], "UTF-8" },
        { "overlong utf8", [.. "{\"model\": \""u8, 0xC0, 0xAF, .. "\"}"u8], "UTF-8" },
        { "surrogate in utf8", [.. "{\"model\": \""u8, 0xED, 0xA0, 0x80, .. "\"}"u8], "UTF-8" },
        { "half a pair", """{"model": "\ud800"}"""u8.ToArray(), "surrogate" },
        { "half a pair, deep", """{"messages": [{"role": "user", "content": "x\uDC00"}]}"""u8.ToArray(), "surrogate" },
        { "half a pair in a name", """{"\ud800": 1}"""u8.ToArray(), "surrogate" },
        { "trailing", Encoding.UTF8.GetBytes(Good + "x"), "JSON" },
        { "two objects", Encoding.UTF8.GetBytes(Good + Good), "JSON" },
        { "cut", Encoding.UTF8.GetBytes(Good[..^3]), "JSON" },
        { "comment", "{/* */}"u8.ToArray(), "JSON" },
        { "trailing comma", "{\"n\": 1,}"u8.ToArray(), "JSON" },
        { "single quotes", "{'n': 1}"u8.ToArray(), "JSON" },
        { "NaN", "{\"temperature\": NaN}"u8.ToArray(), "JSON" },
        { "twice", """{"n": 1, "n": 1}"""u8.ToArray(), "JSON" },
        { "twice, deep", """{"messages": [{"role": "user", "role": "user"}]}"""u8.ToArray(), "JSON" },
        { "list", "[]"u8.ToArray(), "object" },
        { "text", "\"a\""u8.ToArray(), "object" },
        { "null", "null"u8.ToArray(), "object" },
        { "number", "1"u8.ToArray(), "object" },
        { "deep lists", Encoding.UTF8.GetBytes("{\"stop\": " + new string('[', 5000) + new string(']', 5000) + "}"), "depth" },
        { "deep objects", Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5000)), "depth" },
        { "unclosed depth", Encoding.UTF8.GetBytes(new string('[', 100_000)), "depth" },
        { "control character", "{\"model\": \"a\u0001\"}"u8.ToArray(), "JSON" },
        { "zero byte", [.. "{\"n\": 1}"u8, 0], "JSON" },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public async Task A_broken_body_is_400_everywhere(string name, byte[] body, string message)
    {
        Assert.NotEmpty(name);
        foreach (string path in s_paths)
        {
            Reply reply = await Server.PostAsync(path, body);
            Assert.Equal((400, "invalid_request_error"), (reply.Status, (string?)reply.Error["type"]));
            Assert.Contains(message, reply.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json; charset=utf-16")]
    public async Task Another_content_type_is_415(string type)
    {
        Reply reply = await Server.PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes(Good), type);
        Assert.Equal((415, "unsupported_media_type"), (reply.Status, reply.Code));
    }

    [Theory]
    [InlineData("/v1/chat/completions", "application/json", "gzip", 415)]
    [InlineData("/v1/files", "multipart/form-data; boundary=b", "br", 415)]
    [InlineData("/v1/chat/completions", "application/json", "identity", 200)]
    public async Task A_compressed_body_is_415(string path, string type, string encoding, int status)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Good));
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(type);
        content.Headers.ContentEncoding.Add(encoding);
        using HttpResponseMessage response = await Server.Http.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
        Reply reply = await Reply.ReadAsync(response);
        Assert.Equal(status, reply.Status);
        if (status != 200)
            Assert.Contains($"'{encoding}'", reply.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json; charset=utf-8")]
    [InlineData("Application/JSON")]
    public async Task The_content_type_may_name_the_charset(string type) =>
        Assert.Equal(200, (await Server.PostAsync("/v1/chat/completions", Encoding.UTF8.GetBytes(Good), type)).Status);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_longer_body_than_the_limit_is_413_whether_its_length_is_announced_or_not(bool chunked)
    {
        await using TestServer server = await TestServer.StartAsync(services =>
        {
            Microsoft.Extensions.DependencyInjection.LlamaEngineServiceCollectionExtensions.AddLlamaEngine(services, options => options.ModelPath = TestServer.Lexicon);
            Microsoft.Extensions.DependencyInjection.LlamaEngineServerServiceCollectionExtensions.AddLlamaEngineServer(services, options => options.MaxBodyBytes = 200);
        });
        byte[] exact = Encoding.UTF8.GetBytes(Good.PadRight(200)), longer = Encoding.UTF8.GetBytes(Good.PadRight(201));
        Assert.Equal(200, (await Send(exact)).Status);
        Reply reply = await Send(longer);
        Assert.Equal((413, "body_too_large"), (reply.Status, reply.Code));

        async Task<Reply> Send(byte[] body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions");
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new("application/json");
            request.Headers.TransferEncodingChunked = chunked;
            using HttpResponseMessage response = await server.Http.SendAsync(request, TestContext.Current.CancellationToken);
            return await Reply.ReadAsync(response);
        }
    }

    [Fact]
    public async Task Another_method_or_path_is_405_or_404()
    {
        using HttpResponseMessage get = await Server.Http.GetAsync(new Uri("/v1/chat/completions", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
        Assert.Equal(404, (int)(await Server.Http.GetAsync(new Uri("/v1/nothing", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
    }
}
