using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests.Lifetime;

/// <summary>Clients that vanish, and clients that do not read: neither leaves anything behind in the engine, nor holds up others.</summary>
public sealed class ClientTests
{
    private const string Path = "/v1/chat/completions";

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
        using var leaving = new CancellationTokenSource();
        Task<HttpResponseMessage> request = SendAsync(server, $$"""
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
        // All of it would have been 64 choices to the end of a context of 512 tokens.
        Assert.InRange(engine.Statistics.GeneratedTokens, 1, 64 * 480);
    }

    [Fact]
    public async Task Who_does_not_read_holds_neither_memory_nor_others()
    {
        int running = 0;
        await using TestServer server = await TestServer.StartAsync(pipeline: app => app.Use(async (context, next) =>
        {
            Interlocked.Increment(ref running);
            try
            {
                await next(context);
            }
            finally
            {
                Interlocked.Decrement(ref running);
            }
        }));
        const string Body = """
            {"messages": [{"role": "user", "content": "river"}], "n": 16, "ignore_eos": true, "temperature": 1, "seed": 1, "logprobs": true, "top_logprobs": 20, "stream": true}
            """;
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync("127.0.0.1", server.Url.Port, Token);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\nConnection: close\r\n\r\n{Body}"), Token);
        await server.Engine.WaitUntilAsync(statistics => statistics.EndedRequests == 16);
        await server.Engine.WaitUntilIdleAsync();
        Assert.Equal(1, Volatile.Read(ref running)); // its reply, some 15 MB, cannot have been sent yet
        Completion expected = await server.Engine.CompleteAsync(Prompt.FromUser("lake"), new GenerationOptions { Temperature = 0 }, Token);
        Reply other = await server.PostAsync(Path, """{"messages": [{"role": "user", "content": "lake"}], "temperature": 0}""");
        Assert.Equal(expected.Text, (string)other.Json["choices"]![0]!["message"]!["content"]!);
        socket.Close();
        while (Volatile.Read(ref running) > 0)
            await Task.Delay(1, Token);
        await server.Engine.WaitUntilIdleAsync();
    }

    private static async Task<HttpResponseMessage> SendAsync(TestServer server, string body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }
}
