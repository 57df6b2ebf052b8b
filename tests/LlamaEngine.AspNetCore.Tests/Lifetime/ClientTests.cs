using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests.Lifetime;

/// <summary>Clients that vanish, and clients that do not read: neither leaves anything behind in the engine, nor holds up others.</summary>
public sealed class ClientTests
{
    private const string Path = "/v1/chat/completions";

    private const int Choices = 2;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The engine stands still while the client goes, so what it has computed when it is idle again tells whether it was told.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_vanishes_ends_the_request_and_frees_its_memory(bool streams)
    {
        var aborted = new TaskCompletionSource();
        await using TestServer server = await TestServer.StartAsync(pipeline: app => app.Use((context, next) =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            return next(context);
        }));
        InferenceEngine engine = server.Engine;
        var endless = new GenerationOptions { IgnoreEndTokens = true, Temperature = 1 };
        int length = (await engine.CompleteAsync(Prompt.FromUser("river"), endless, Token)).Tokens.Length;
        long before = engine.Statistics.GeneratedTokens;
        using var leaving = new CancellationTokenSource();
        Task<HttpResponseMessage> request = SendAsync(server.Http, $$"""
            {"messages": [{"role": "user", "content": "river"}], "n": 64, "ignore_eos": true, "temperature": 1, "stream": {{(streams ? "true" : "false")}}}
            """, leaving.Token);
        if (streams)
            await (await (await request).Content.ReadAsStreamAsync(Token)).ReadExactlyAsync(new byte[16], Token);
        await engine.WaitUntilAsync(statistics => statistics.RunningSequences > 0);
        using Gate gate = await Gate.CloseAsync(engine);
        await leaving.CancelAsync();
        if (streams)
            (await request).Dispose();
        await aborted.Task.WaitAsync(Token);
        await gate.OpenAsync();
        await engine.WaitUntilIdleAsync();
        const int AtTheGate = 1;
        Assert.InRange(engine.Statistics.GeneratedTokens - before - AtTheGate, 0, 64L * length - 1);
    }

    [Fact]
    public async Task Who_does_not_read_holds_neither_memory_nor_others()
    {
        var running = new Running();
        await using TestServer server = await TestServer.StartAsync(
            services =>
            {
                NarrowLines(services);
                services.AddLlamaEngine(options => options.ModelPath = TestServer.Lexicon);
            },
            pipeline: app => app.Use(running.CountAsync));
        using var line = new SlowLine();
        using (HttpClient slow = line.Connect(server))
        {
            using HttpResponseMessage unread = await AskLongAsync(slow, TestServer.Model);
            await server.Engine.WaitUntilAsync(statistics => statistics.EndedRequests == Choices);
            await server.Engine.WaitUntilIdleAsync();
            Assert.Equal(1, running.Count); // its reply cannot have been sent yet
            Completion expected = await server.Engine.CompleteAsync(Prompt.FromUser("lake"), new GenerationOptions { Temperature = 0 }, Token);
            Reply other = await server.PostAsync(Path, """{"messages": [{"role": "user", "content": "lake"}], "temperature": 0}""");
            Assert.Equal(expected.Text, (string)other.Json["choices"]![0]!["message"]!["content"]!);
        }
        while (running.Count > 0)
            await Task.Delay(1, Token);
        await server.Engine.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Who_does_not_read_lets_the_model_go_and_gets_all_when_reading_at_last()
    {
        var running = new Running();
        var engine = new EngineOptions { ModelPath = TestServer.Lexicon, KvCacheTokens = Choices * 512 };
        await using TestServer server = await TestServer.StartAsync(
            services =>
            {
                NarrowLines(services);
                services.AddLlamaEngineServer(options =>
                {
                    options.KeepAlive = TimeSpan.Zero;
                    options.Models.Add(new() { Name = "slow", Engine = engine });
                });
            },
            pipeline: app => app.Use(running.CountAsync));
        using var line = new SlowLine();
        using HttpClient slow = line.Connect(server);
        using HttpResponseMessage unread = await AskLongAsync(slow, "slow");
        var pool = server.Services.GetRequiredService<ModelPool>();
        while (pool.Statistics is not { Loads: 1, LoadedBytes: 0 })
            await Task.Delay(1, Token);
        Assert.Equal(1, running.Count);
        line.Widen();
        string[] events = EventReader.Split(await unread.Content.ReadAsStringAsync(Token));
        Assert.Equal("[DONE]", events[^1]);
        await using InferenceEngine own = InferenceEngine.Create(engine);
        var options = new GenerationOptions { Choices = Choices, IgnoreEndTokens = true, Temperature = 1, Seed = 1 };
        IReadOnlyList<Completion> expected = await own.CompleteAllAsync(Prompt.FromUser("river"), options, Token);
        Assert.Equal(expected.Select(one => one.Text), events[..^1].Select(data => JsonNode.Parse(data)!).ChatTexts(Choices));
    }

    /// <summary>Asks for a long reply: 20 alternatives for each of some 1,000 tokens are more than all buffers on the way hold.</summary>
    private static Task<HttpResponseMessage> AskLongAsync(HttpClient client, string model) => SendAsync(client, $$"""
        {"model": "{{model}}", "messages": [{"role": "user", "content": "river"}], "n": {{Choices}}, "ignore_eos": true, "temperature": 1, "seed": 1,
         "logprobs": true, "top_logprobs": 20, "stream": true}
        """, Token);

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    /// <summary>Counts the requests that the server has.</summary>
    private sealed class Running
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public async Task CountAsync(HttpContext context, RequestDelegate next)
        {
            Interlocked.Increment(ref _count);
            try
            {
                await next(context);
            }
            finally
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }

    /// <summary>Connections that hold little, and that Kestrel does not end for taking less than 240 bytes a second.</summary>
    private static void NarrowLines(IServiceCollection services)
    {
        services.Configure<KestrelServerOptions>(options => options.Limits.MinResponseDataRate = null);
        services.Configure<SocketTransportOptions>(options => options.CreateBoundListenSocket = endpoint =>
        {
            Socket socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.SendBufferSize = 4096;
            return socket;
        });
    }

    /// <summary>A connection of a client that takes next to nothing before it is read from.</summary>
    private sealed class SlowLine : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };

        public HttpClient Connect(TestServer server) => new(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellation) =>
            {
                await _socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(_socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = server.Url,
        };

        public void Dispose() => _socket.Dispose();

        /// <summary>Has it take more at a time.</summary>
        public void Widen() => _socket.ReceiveBufferSize = 1 << 20;
    }
}
