using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.Cli.Tests;

/// <summary><c>serve</c> sends traces and metrics to a collector that the environment names.</summary>
public sealed class TelemetryTests
{
    private const string Chat = """{"messages":[{"role":"user","content":"What is a camera?"}],"max_tokens":4}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(null, true)]
    [InlineData("true", false)]
    public async Task A_collector_gets_what_was_measured(string? disabled, bool isSent)
    {
        ConcurrentDictionary<string, string> received = [];
        await using WebApplication collector = await CollectAsync(received);
        Dictionary<string, string?> environment = new()
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Urls.Single(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_SERVICE_NAME"] = "a-test-of-serve",
            ["OTEL_SDK_DISABLED"] = disabled,
        };
        await using ServerProcess server = await ServerProcess.StartAsync(environment);
        using (HttpResponseMessage reply = await server.PostAsync("/v1/chat/completions", Chat))
            Assert.True(reply.IsSuccessStatusCode);
        server.Signal("TERM");
        (int exitCode, string log) = await server.WaitForExitAsync();
        Assert.True(exitCode == ExitCodes.Success, log);
        Assert.Equal(isSent ? ["/v1/metrics", "/v1/traces"] : [], received.Keys.Order());
        if (!isSent)
            return;
        // Names stand in the messages as they are.
        foreach (string name in (string[])["a-test-of-serve", "gen_ai.operation.name", "gen_ai.usage.output_tokens"])
            Assert.Contains(name, received["/v1/traces"], StringComparison.Ordinal);
        foreach (string name in (string[])["a-test-of-serve", "llamaengine.tokens", "http.server.request.duration"])
            Assert.Contains(name, received["/v1/metrics"], StringComparison.Ordinal);
    }

    private static async Task<WebApplication> CollectAsync(ConcurrentDictionary<string, string> received)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication collector = builder.Build();
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, Token);
            string text = Encoding.Latin1.GetString(body.ToArray());
            received.AddOrUpdate(context.Request.Path, text, (_, before) => before + text);
        });
        await collector.StartAsync(Token);
        return collector;
    }
}
