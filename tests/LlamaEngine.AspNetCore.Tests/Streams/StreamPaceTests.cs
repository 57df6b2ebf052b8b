using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests.Streams;

/// <summary>How often streams are written to, and that their text does not depend on it.</summary>
public sealed class StreamPaceTests
{
    [Theory]
    [InlineData(0, 2, 0)]
    [InlineData(1, 2, 1)]
    [InlineData(1, 16, 0)]
    [InlineData(32, 2, 24)]
    [InlineData(128, 16, 12)]
    [InlineData(128, 2, 96)]
    [InlineData(1000, 2, 100)]
    public void Streams_rest_as_long_as_their_number_and_the_processors_ask_for(int streams, int processors, int milliseconds)
    {
        var pace = new StreamPace(null, processors);
        for (int i = 0; i < streams + 3; i++)
            pace.Enter();
        for (int i = 0; i < 3; i++)
            pace.Leave();
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), pace.Updates.Rest);
    }

    [Fact]
    public void A_rest_that_was_set_holds_for_any_number()
    {
        var pace = new StreamPace(TimeSpan.FromMilliseconds(7), 2);
        pace.Enter();
        Assert.Equal(TimeSpan.FromMilliseconds(7), pace.Updates.Rest);
    }

    [Theory]
    [InlineData("/v1/chat/completions", """ "messages": [{"role": "user", "content": "What is a camera?"}] """, "delta", "content")]
    [InlineData("/v1/completions", """ "prompt": ["A camera is", "A river is"] """, null, "text")]
    public async Task A_stream_that_rests_has_fewer_pieces_and_the_same_text(string path, string input, string? nested, string field)
    {
        string body = $$"""{ {{input}}, "n": 2, "temperature": 1, "seed": 3, "max_tokens": 60, "ignore_eos": true, "stream": true}""";
        Dictionary<int, JsonNode[]> streams = [];
        foreach (int milliseconds in (int[])[0, 10_000])
        {
            await using TestServer server = await TestServer.StartAsync(services =>
            {
                services.AddLlamaEngine(options => options.ModelPath = TestServer.Lexicon);
                services.AddLlamaEngineServer(options => options.StreamInterval = TimeSpan.FromMilliseconds(milliseconds));
            });
            streams.Add(milliseconds, await server.ReadAsync(path, body));
        }
        int choices = path == "/v1/completions" ? 4 : 2;
        string[] texts = streams[0].Texts(choices, Text);
        Assert.All(texts, text => Assert.NotEqual("", text));
        Assert.Equal(texts, streams[10_000].Texts(choices, Text));
        // Role, first token, end: no choice has more pieces of its own; text comes with each of the others' first tokens and ends at most.
        Assert.InRange(streams[10_000].Length, choices, choices * (2 + 2 * choices));

        string? Text(JsonNode choice) => (string?)(nested is null ? choice : choice[nested]!)[field];
    }
}
