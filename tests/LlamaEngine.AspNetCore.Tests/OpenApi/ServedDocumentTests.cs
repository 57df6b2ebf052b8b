using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.OpenApi;
using LlamaEngine.AspNetCore.Tests.Bulk;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>The document as servers give it: the paths that are mapped, where they are, and what they demand.</summary>
public sealed class ServedDocumentTests : IDisposable
{
    private readonly TestFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    /// <summary>What is mapped is in the document, and what is in the document is mapped.</summary>
    [Fact]
    public async Task It_has_the_routes_and_methods_that_are_mapped()
    {
        await using TestServer server = await StartAsync(app => app.MapLlamaEngineOperations());
        string[] mapped = [.. server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().SelectMany(endpoint =>
            endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
                .Select(method => $"{method} /{endpoint.RoutePattern.RawText!.TrimStart('/').Replace("**", "", StringComparison.Ordinal)}"))];
        Assert.Equal(mapped.Order(), ApiDocument.Operations.Select(operation => $"{operation.Method.ToUpperInvariant()} {operation.Path}").Order());
        JsonObject served = await ReadAsync(server, "/openapi.json");
        Assert.Equal("/", (string?)served["servers"]![0]!["url"]);
        Assert.Empty(served["security"]!.AsArray());
        served.Remove("servers");
        served.Remove("security");
        JsonObject whole = OpenApiDocument.Create();
        whole.Remove("security");
        Assert.True(JsonNode.DeepEquals(whole, served));
    }

    [Fact]
    public async Task Without_the_endpoints_for_operations_it_leaves_them_out()
    {
        await using TestServer server = await StartAsync();
        string[] paths = Paths(await ReadAsync(server, "/openapi.json"));
        Assert.Contains("/openapi.json", paths);
        Assert.Equal(ApiDocument.Operations.Select(operation => operation.Path).Distinct().Except(["/health/live", "/health/ready", "/metrics"]).Order(), paths.Order());
    }

    /// <summary>The base of the app and the groups that the API is mapped into are its server's path; what is elsewhere says so.</summary>
    [Fact]
    public async Task Below_a_prefix_its_paths_are_right()
    {
        await using TestServer server = await StartAsync(app =>
        {
            app.UsePathBase("/base");
            app.UseRouting();
            app.MapGroup("/llm").MapLlamaEngine();
            app.MapGroup("ops").MapLlamaEngineOperations();
        });
        JsonObject document = await ReadAsync(server, "/base/llm/openapi.json");
        Assert.Equal("/base/llm", (string?)document["servers"]![0]!["url"]);
        Assert.Null(document["paths"]!["/v1/models"]!["servers"]);
        Assert.Equal("/base/ops", (string?)document["paths"]!["/health/live"]!["servers"]![0]!["url"]);
        foreach (string path in (string[])["/v1/models", "/health/live", "/openapi.json"])
        {
            JsonNode item = document["paths"]![path]!;
            string url = (string)(item["servers"] ?? document["servers"])![0]!["url"]! + path;
            using HttpResponseMessage reply = await server.Http.GetAsync(new Uri(url, UriKind.Relative), Token);
            Assert.True(reply.IsSuccessStatusCode, url);
        }
        // The same app has the API at its root as well.
        Assert.Equal("/", (string?)(await ReadAsync(server, "/openapi.json"))["servers"]![0]!["url"]);
    }

    /// <summary>Tools read the document without a key; what it describes demands one.</summary>
    [Fact]
    public async Task It_needs_no_key_and_says_that_others_do()
    {
        string file = _folder["keys"];
        await File.WriteAllTextAsync(file, $"anna sha256:{Convert.ToHexStringLower(SHA256.HashData("secret"u8))} requests_per_minute=2", Token);
        await using TestServer server = await TestServer.StartAsync(
            services =>
            {
                services.AddLlamaEngine(options => options.ModelPath = TestServer.Lexicon);
                services.AddLlamaEngineServer(options => options.ApiKeyFile = file);
            },
            pipeline: app => app.MapLlamaEngineOperations());
        JsonObject document = await ReadAsync(server, "/openapi.json");
        Assert.Equal("""[{"apiKey":[]}]""", document["security"]!.ToJsonString());
        // Each operation says itself where it needs none.
        foreach (ApiOperation operation in ApiDocument.Operations)
        {
            bool needsKey = !operation.Json.TryGetProperty("security", out _);
            using var request = new HttpRequestMessage(new HttpMethod(operation.Method), new Uri(operation.Path.Replace("{id}", "a", StringComparison.Ordinal), UriKind.Relative));
            using HttpResponseMessage reply = await server.Http.SendAsync(request, Token);
            Assert.True(needsKey == ((int)reply.StatusCode == 401), $"{operation.Path}: {reply.StatusCode}");
            _ = await reply.Content.ReadAsStringAsync(Token);
        }
        // With a key they are answered, until its limits are reached.
        server.Http.DefaultRequestHeaders.Authorization = new("Bearer", "secret");
        int[] statuses = new int[3];
        for (int i = 0; i < statuses.Length; i++)
        {
            using HttpResponseMessage reply = await server.Http.GetAsync(new Uri("/v1/models", UriKind.Relative), Token);
            statuses[i] = (int)reply.StatusCode;
        }
        Assert.Equal([200, 200, 429], statuses);
        Assert.Contains("# TYPE", await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative), Token), StringComparison.Ordinal);
    }

    /// <summary>What the program demands of the whole API holds for the document, too.</summary>
    [Fact]
    public async Task Conventions_of_the_group_hold_for_it()
    {
        await using TestServer server = await StartAsync(app => app.MapGroup("/llm").MapLlamaEngine().AddEndpointFilter((_, _) => throw new InvalidOperationException()).WithMetadata("ours"));
        Assert.All(
            server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>().Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/llm", StringComparison.Ordinal)),
            endpoint => Assert.Equal("ours", endpoint.Metadata.GetMetadata<string>()));
    }

    /// <summary>The readiness of a server without a model that is to come.</summary>
    [Fact]
    public async Task Health_is_as_it_says()
    {
        await using TestServer server = await StartAsync(app => app.MapLlamaEngineOperations());
        foreach ((string path, string status) in new[] { ("/health/live", "live"), ("/health/ready", "ready") })
            Assert.Equal(status, (string?)(await ReadAsync(server, path))["status"]);
    }

    private static Task<TestServer> StartAsync(Action<WebApplication>? pipeline = null) => TestServer.StartAsync(pipeline: pipeline);

    private static string[] Paths(JsonObject document) => [.. document["paths"]!.AsObject().Select(path => path.Key)];

    private static async Task<JsonObject> ReadAsync(TestServer server, string path)
    {
        using HttpResponseMessage response = await server.Http.GetAsync(new Uri(path, UriKind.Relative), Token);
        Assert.Equal((200, "application/json"), ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!.AsObject();
    }
}
