using System.Diagnostics;

namespace LlamaEngine.AspNetCore.Tests.Chat;

/// <summary>
/// Many streams at once, each equal to what the engine gives in process: 32, or as many as LLAMAENGINE_REST_STREAMS says. The test's output has
/// the tokens a second of both, for people; nothing depends on them.
/// </summary>
public sealed class ConcurrencyTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private static readonly string[] s_words = ["river", "lake", "camera", "house", "tree", "music", "winter", "stone"];

    private static readonly int s_streams = int.TryParse(Environment.GetEnvironmentVariable("LLAMAENGINE_REST_STREAMS"), out int streams) ? streams : 32;

    private TestServer Server => fixture.Server;

    [Fact]
    public async Task Streams_at_once_are_what_the_engine_gives_in_process()
    {
        await TimeAsync("warm-up", AskEngineAsync);
        string[] expected = await TimeAsync("in process", AskEngineAsync);
        Assert.Equal(expected, await TimeAsync("over HTTP", AskServerAsync));
        await Server.Engine.WaitUntilIdleAsync();
    }

    private async Task<string[]> TimeAsync(string name, Func<int, Task<string>> ask)
    {
        (long started, long before) = (Stopwatch.GetTimestamp(), Server.Engine.Statistics.GeneratedTokens);
        string[] texts = await Task.WhenAll(Enumerable.Range(0, s_streams).Select(ask));
        double seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        TestContext.Current.TestOutputHelper!.WriteLine($"{name}: {(Server.Engine.Statistics.GeneratedTokens - before) / seconds:N0} tokens/s");
        return texts;
    }

    private async Task<string> AskEngineAsync(int i)
    {
        var options = new GenerationOptions { Temperature = i % 2, Seed = (ulong)i, MaxTokens = 96, IgnoreEndTokens = true };
        string text = "";
        await foreach (CompletionUpdate update in Server.Engine.GenerateAsync(Prompt.FromUser(s_words[i % s_words.Length]), options, TestContext.Current.CancellationToken))
            text += update.Text;
        return text;
    }

    private async Task<string> AskServerAsync(int i) => Assert.Single((await Server.ReadAsync("/v1/chat/completions", $$"""
        {"messages": [{"role": "user", "content": "{{s_words[i % s_words.Length]}}"}], "temperature": {{i % 2}}, "seed": {{i}}, "max_tokens": 96,
         "ignore_eos": true, "stream": true}
        """)).ChatTexts());
}
