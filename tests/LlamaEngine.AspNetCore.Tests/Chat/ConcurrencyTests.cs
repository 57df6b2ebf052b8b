using System.Diagnostics;
using Microsoft.AspNetCore.Builder;

namespace LlamaEngine.AspNetCore.Tests.Chat;

/// <summary>
/// 128 streams at once over sockets of their own, or as many as LLAMAENGINE_REST_STREAMS says, greedy and sampled, short and long: each is what the
/// engine gives in process. The test's output has the tokens a second of both, for people; nothing depends on them.
/// </summary>
public sealed class ConcurrencyTests
{
    private static readonly string[] s_words = ["river", "lake", "camera", "house", "tree", "music", "winter", "stone"];

    private static readonly int s_streams = int.TryParse(Environment.GetEnvironmentVariable("LLAMAENGINE_REST_STREAMS"), out int streams) ? streams : 128;

    [Fact]
    public async Task Streams_at_once_are_what_the_engine_gives_in_process()
    {
        TaskCompletionSource all = new();
        int running = 0;
        await using TestServer server = await TestServer.StartAsync(pipeline: app => app.Use((context, next) =>
        {
            if (Interlocked.Increment(ref running) == s_streams)
                all.SetResult();
            return next(context);
        }));
        string[] expected = await TimeAsync(server, "in process", i => AskEngineAsync(server.Engine, i));
        string[] actual;
        using (Gate gate = await Gate.CloseAsync(server.Engine))
        {
            Task<string[]> asked = TimeAsync(server, "over HTTP", i => AskServerAsync(server, i));
            await all.Task.WaitAsync(TestContext.Current.CancellationToken); // none can have ended before the last one has come
            await gate.OpenAsync();
            actual = await asked;
        }
        Assert.Equal(expected, actual);
        Assert.True(expected.Distinct().Count() > s_streams / 2);
        await server.Engine.WaitUntilIdleAsync();
    }

    private static async Task<string[]> TimeAsync(TestServer server, string name, Func<int, Task<string>> ask)
    {
        (long started, long before) = (Stopwatch.GetTimestamp(), server.Engine.Statistics.GeneratedTokens);
        string[] texts = await Task.WhenAll(Enumerable.Range(0, s_streams).Select(ask));
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        TestContext.Current.TestOutputHelper!.WriteLine($"{name}: {(server.Engine.Statistics.GeneratedTokens - before) / seconds:N0} tokens/s");
        return texts;
    }

    private static int LengthOf(int i) => 1 + 96 * (i % 5) / 4;

    private static async Task<string> AskEngineAsync(InferenceEngine engine, int i)
    {
        var options = new GenerationOptions { Temperature = i % 2, Seed = (ulong)i, MaxTokens = LengthOf(i), IgnoreEndTokens = i % 3 > 0 };
        string text = "";
        await foreach (CompletionUpdate update in engine.GenerateAsync(Prompt.FromUser(Words(i)), options, TestContext.Current.CancellationToken))
            text += update.Text;
        return text;
    }

    private static async Task<string> AskServerAsync(TestServer server, int i) => Assert.Single((await server.ReadAsync("/v1/chat/completions", $$"""
        {"messages": [{"role": "user", "content": "{{Words(i)}}"}], "temperature": {{i % 2}}, "seed": {{i}}, "max_tokens": {{LengthOf(i)}},
         "ignore_eos": {{(i % 3 > 0 ? "true" : "false")}}, "stream": true}
        """)).ChatTexts());

    private static string Words(int i) => $"{s_words[i % s_words.Length]} {i / s_words.Length}";
}
