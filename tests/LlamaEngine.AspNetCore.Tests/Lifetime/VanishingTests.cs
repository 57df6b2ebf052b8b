using System.Net;
using System.Net.Sockets;
using System.Text;
using LlamaEngine.AspNetCore.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests.Lifetime;

/// <summary>
/// Two hundred clients that go away at any moment: in the head of the request, in its body, before anything comes, in the middle of it, or after they
/// stopped to read. Nothing of them is left: no sequence, no block, no lease of a model, no request, no connection.
/// </summary>
public sealed class VanishingTests
{
    private const int Clients = 200, AtOnce = 32;

    private const string Long = "\"max_tokens\": 80, \"ignore_eos\": true, \"temperature\": 1";

    private static readonly (string Path, string Body)[] s_requests =
    [
        ("/v1/chat/completions", $$"""{"messages": [{"role": "user", "content": "river"}], "stream": true, "n": 4, "logprobs": true, "top_logprobs": 5, {{Long}}}"""),
        ("/v1/chat/completions", $$"""{"messages": [{"role": "user", "content": "river"}], {{Long}}}"""),
        ("/v1/chat/completions", $$"""{"messages": [{"role": "user", "content": "lake"}], "session_id": "SESSION", "stream": true, {{Long}}}"""),
        ("/v1/chat/completions", $$"""{"model": "pooled", "messages": [{"role": "user", "content": "river"}], "stream": true, {{Long}}}"""),
        ("/v1/completions", $$"""{"prompt": ["a", "b", "c"], "stream": true, "n": 3, {{Long}}}"""),
        ("/v1/completions", """{"prompt": "a", "max_tokens": 100, "response_format": null, "stream": true}"""),
        ("/v1/tribunal", """{"prompt": "river", "max_tokens": 20, "ignore_eos": true, "stream": true}"""),
        ("/v1/bulk", $$"""{"endpoint": "/v1/completions", "requests": [{"prompt": "a", {{Long}}}, {"prompt": "b", "n": 3, {{Long}}}]}"""),
        ("/v1/embeddings", """{"input": ["river", "lake", "a stone", "music"], "model": "pooled"}"""),
    ];

    private readonly List<Socket> _paused = [];
    private int _connections, _requests;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_left_of_clients_that_go_away()
    {
        await using TestServer server = await TestServer.StartAsync(AddModels, pipeline: app => app.Use(async (_, next) =>
        {
            Interlocked.Increment(ref _requests);
            try
            {
                await next();
            }
            finally
            {
                Interlocked.Decrement(ref _requests);
            }
        }));
        string expected = await AskAsync(server);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Clients), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = Token }, (i, _) => VanishAsync(server, i));
        Assert.NotEmpty(_paused);
        foreach (Socket socket in _paused)
            socket.Dispose();
        while (Volatile.Read(ref _requests) > 0)
            await Task.Delay(1, Token);
        await server.Engine.WaitUntilIdleAsync();
        Assert.Equal(expected, await AskAsync(server));
        for (int i = 0; i < Clients; i++)
        {
            using HttpResponseMessage ended = await server.Http.DeleteAsync(new Uri($"/v1/sessions/s{i}", UriKind.Relative), Token);
            Assert.True(ended.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound);
        }
        await server.Engine.WaitUntilAsync(statistics => statistics is { KvBlocksInUse: 0, KvBlocksRetained: 0 });
        ModelPool pool = server.Services.GetRequiredService<ModelPool>();
        while (pool.Statistics!.Value.LoadedBytes > 0) // it goes when nobody holds it
            await Task.Delay(1, Token);
        Assert.True(pool.Statistics.Value.Loads > 0);
        server.Http.Dispose();
        while (Volatile.Read(ref _connections) > 0)
            await Task.Delay(1, Token);
    }

    private void AddModels(IServiceCollection services)
    {
        var engine = new EngineOptions { ModelPath = TestServer.Lexicon, KvCacheTokens = 8192 };
        services.AddLlamaEngine(options => (options.ModelPath, options.KvCacheTokens) = (engine.ModelPath, engine.KvCacheTokens));
        services.AddLlamaEngineServer(options =>
        {
            options.KeepAlive = TimeSpan.Zero;
            options.Models.Add(new() { Name = "pooled", Engine = engine });
        });
        services.Configure<KestrelServerOptions>(options => options.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => connection => CountAsync(connection, next))));
    }

    private async Task CountAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        Interlocked.Increment(ref _connections);
        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    private static async Task<string> AskAsync(TestServer server) =>
        (string)(await server.PostAsync("/v1/completions", """{"prompt": "a river", "max_tokens": 20, "temperature": 0}""")).Json["choices"]![0]!["text"]!;

    private async ValueTask VanishAsync(TestServer server, int i)
    {
        var random = new Random(i);
        (string path, string text) = s_requests[i % s_requests.Length];
        byte[] body = Encoding.UTF8.GetBytes(text.Replace("SESSION", $"s{i}", StringComparison.Ordinal));
        byte[] head = Encoding.UTF8.GetBytes($"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n");
        byte[] request = [.. head, .. body];
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        if (random.Next(2) == 0)
            socket.LingerState = new LingerOption(enable: true, seconds: 0); // it ends with a reset
        await socket.ConnectAsync(IPAddress.Loopback, server.Url.Port, Token);
        int moment = random.Next(6);
        int sent = moment switch { 0 => random.Next(head.Length), 1 => head.Length + random.Next(body.Length), _ => request.Length };
        await socket.SendAsync(request.AsMemory(0, sent), Token);
        if (moment > 2)
            await ReadAsync(socket, random.Next(4000));
        if (moment == 5)
        {
            lock (_paused)
                _paused.Add(socket);
            return;
        }
        socket.Dispose();
    }

    /// <summary>Reads at most so many bytes, or up to the end of a short reply.</summary>
    private static async Task ReadAsync(Socket socket, int bytes)
    {
        byte[] buffer = new byte[1024];
        while (bytes > 0)
        {
            int read = await socket.ReceiveAsync(buffer.AsMemory(0, Math.Min(bytes, buffer.Length)), Token);
            string text = Encoding.UTF8.GetString(buffer, 0, read);
            if (read == 0 || text.EndsWith("0\r\n\r\n", StringComparison.Ordinal) || text.EndsWith('}'))
                return;
            bytes -= read;
        }
    }
}
