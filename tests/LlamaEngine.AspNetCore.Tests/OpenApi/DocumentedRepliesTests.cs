using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>What stands before the servers of all tests finds replies that the document does not describe.</summary>
public sealed class DocumentedRepliesTests
{
    private const string Error = """{"error": {"message": "a", "type": "server_error", "param": null, "code": null}}""";

    [Theory]
    [InlineData("/v1/models", 200, "application/json", """{"object": "list", "data": []}""", true)]
    [InlineData("/v1/models", 200, "application/json; charset=utf-8", """{"object": "list", "data": []}""", true)]
    [InlineData("/v1/models", 200, "text/plain", """{"object": "list", "data": []}""", false)]
    [InlineData("/v1/models", 200, "application/json", """{"object": "list", "data": [], "extra": 1}""", false)]
    [InlineData("/v1/models", 200, "application/json", """{"object": "list"}""", false)]
    [InlineData("/v1/models", 201, "application/json", """{"object": "list", "data": []}""", false)]
    [InlineData("/v1/models", 500, "application/json", Error, true)]
    [InlineData("/v1/models", 401, "application/json", Error, false)]
    [InlineData("/v1/models", 500, "application/json", """{"error": {"message": "a", "type": "oops", "param": null, "code": null}}""", false)]
    [InlineData("/v1/models", 404, "application/json", Error, false)]
    [InlineData("/v1/models/a/b", 404, "application/json", Error, true)]
    [InlineData("/v1/files/a/content", 200, "application/octet-stream", "a", true)]
    [InlineData("/elsewhere", 201, "text/plain", "a", true)]
    public async Task Of_a_whole_reply(string path, int status, string type, string body, bool isRight)
    {
        await using TestServer server = await AnsweringAsync(status, type, body);
        await CheckAsync(isRight, () => server.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("data: {\"error\": {\"message\": \"a\", \"type\": \"server_error\", \"param\": null, \"code\": null}}\n\n", true)]
    [InlineData("data: [DONE]\n\n", true)]
    [InlineData("data: {\"object\": \"chat.completion.chunk\"}\n\ndata: [DONE]\n\n", false)]
    public async Task Of_an_event(string events, bool isRight)
    {
        await using TestServer server = await AnsweringAsync(200, "text/event-stream; charset=utf-8", events);
        await CheckAsync(isRight, () => server.PostAsync("/v1/chat/completions", """{"messages": [{"role": "user", "content": "a"}], "stop": null}"""));
    }

    [Theory]
    [InlineData("{\"index\": 0, \"status_code\": 200, \"body\": {}}\n{\"index\": 1, \"status_code\": 200, \"body\": {}}\n", true)]
    [InlineData("{\"index\": 0, \"status_code\": 200, \"body\": {}}\n{\"index\": 1, \"status_code\": 200}\n", false)]
    public async Task Of_a_line(string lines, bool isRight)
    {
        await using TestServer server = await AnsweringAsync(200, "application/x-ndjson", lines);
        await CheckAsync(isRight, () => server.PostAsync("/v1/bulk", """{"endpoint": "/v1/completions", "requests": []}"""));
    }

    [Fact]
    public async Task Of_a_request_that_should_have_been_refused()
    {
        await using TestServer server = await AnsweringAsync(200, "application/json", """{"prompt": "a"}""");
        await CheckAsync(true, () => server.PostAsync("/detokenize", """{"tokens": [1]}"""));
        await CheckAsync(false, () => server.PostAsync("/detokenize", """{"tokens": [1], "nonsense": 1}"""));
    }

    private static Task<TestServer> AnsweringAsync(int status, string type, string body) => TestServer.StartAsync(_ => { }, pipeline: app => app.Use((HttpContext context, RequestDelegate _) =>
    {
        (context.Response.StatusCode, context.Response.ContentType) = (status, type);
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body)).AsTask();
    }));

    private static async Task CheckAsync(bool isRight, Func<Task> ask)
    {
        Exception? found = await Record.ExceptionAsync(ask);
        Assert.True(isRight ? found is null : found is UndocumentedException, $"{found}");
    }
}
