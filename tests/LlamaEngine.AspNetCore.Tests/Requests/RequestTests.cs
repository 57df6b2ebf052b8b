using System.Globalization;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Operations;
using LlamaEngine.AspNetCore.Requests;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests.Requests;

/// <summary>Bodies as what the engine is asked for, and operations apart from HTTP.</summary>
public sealed class RequestTests
{
    private static readonly ServerLimits s_limits = new(1 << 20, 32, null, 128, 8);

    [Fact]
    public void Priority_time_and_stay_are_read_and_bulk_work_gives_way()
    {
        ChatRequest request = Read("\"priority\": 7, \"timeout\": 2.5, \"keep_alive\": \"1h\"", -10);
        Assert.Equal((-3, TimeSpan.FromSeconds(2.5), TimeSpan.FromHours(1)), (request.Generation.Priority, request.Generation.Timeout, request.Common.KeepAlive));
        Assert.Equal(int.MinValue, Read($"\"priority\": {int.MinValue}", -10).Generation.Priority);
        Assert.Equal(int.MaxValue, Read($"\"priority\": {int.MaxValue}", 10).Generation.Priority);
        ChatRequest plain = Read("\"n\": 1", 0);
        Assert.Equal((0, null, null, null), (plain.Generation.Priority, plain.Generation.Timeout, plain.Common.KeepAlive, plain.Common.Model));
    }

    /// <summary>What is not given must stay open, so that the model's generation_config decides.</summary>
    [Fact]
    public void What_is_not_given_stays_open()
    {
        GenerationOptions options = Read("\"n\": 1", 0).Generation, open = new();
        Assert.Equal(
            (open.Temperature, open.TopP, open.TopK, open.MinP, open.TypicalP, open.RepetitionPenalty, open.Seed, open.MaxTokens),
            (options.Temperature, options.TopP, options.TopK, options.MinP, options.TypicalP, options.RepetitionPenalty, options.Seed, options.MaxTokens));
        Assert.Equal(open.TopLogProbabilities, options.TopLogProbabilities);
    }

    [Theory]
    [InlineData("5", 5)]
    [InlineData("0.25", 0.25)]
    [InlineData("\"5\"", 5)]
    [InlineData("\"5m\"", 300)]
    [InlineData("\"1h30m\"", 5400)]
    [InlineData("\"1h2m3s4ms\"", 3723.004)]
    [InlineData("\"500ms\"", 0.5)]
    [InlineData("\"2.5s\"", 2.5)]
    [InlineData("2592000", 2592000)]
    public void Times_are_seconds_or_numbers_with_units(string json, double seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Durations.Read(JsonNode.Parse(json)!, "t", allowsForever: false));

    [Theory]
    [InlineData("-1")]
    [InlineData("-0.001")]
    [InlineData("\"-5m\"")]
    [InlineData("-1e300")]
    public void Negative_times_are_for_ever_where_that_is_allowed(string json)
    {
        Assert.Equal(Timeout.InfiniteTimeSpan, Durations.Read(JsonNode.Parse(json)!, "t", allowsForever: true));
        Assert.Throws<ApiException>(() => Durations.Read(JsonNode.Parse(json)!, "t", allowsForever: false));
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"-\"")]
    [InlineData("\"m\"")]
    [InlineData("\"5 m\"")]
    [InlineData("\"5d\"")]
    [InlineData("\"5m-3s\"")]
    [InlineData("\"1.2.3\"")]
    [InlineData("\".\"")]
    [InlineData("\"+5\"")]
    [InlineData("\"1e3\"")]
    [InlineData("\"٥m\"")]
    [InlineData("2592001")]
    [InlineData("1e300")]
    [InlineData("true")]
    [InlineData("{}")]
    public void Anything_else_is_no_time(string json)
    {
        foreach (bool allowsForever in new[] { false, true })
            Assert.Equal("t", Assert.Throws<ApiException>(() => Durations.Read(JsonNode.Parse(json)!, "t", allowsForever)).Parameter);
    }

    [Fact]
    public void A_time_shorter_than_a_tick_is_not_nothing() =>
        Assert.Equal(TimeSpan.FromTicks(1), Durations.Read(JsonNode.Parse("1e-12")!, "t", allowsForever: true));

    /// <summary>How bulk work meets the operations: a JSON object in, a whole reply out.</summary>
    [Fact]
    public async Task Operations_are_found_by_path_and_give_whole_replies_only()
    {
        await using TestServer server = await TestServer.StartAsync(services =>
        {
            services.AddLlamaEngine(options => options.ModelPath = TestServer.Lexicon);
            services.AddLlamaEngineServer();
        });
        IOperation[] operations = [.. server.Services.GetServices<IOperation>()];
        Assert.Equal(operations.Length, operations.Select(operation => operation.Path).Distinct().Count());
        IOperation chat = operations.Single(operation => operation.Path == "/v1/chat/completions");
        JsonObject body = JsonNode.Parse("""{"messages": [{"role": "user", "content": "What is a camera?"}], "temperature": 0}""")!.AsObject();
        string before = body.ToJsonString();
        JsonObject reply = await chat.RunAsync(body, -10, TestContext.Current.CancellationToken);
        Reply http = await server.PostAsync(chat.Path, before);
        Assert.Equal((string)http.Json["choices"]![0]!["message"]!["content"]!, (string)reply["choices"]![0]!["message"]!["content"]!);
        Assert.Equal(before, body.ToJsonString());
        foreach (string path in new[] { "/v1/chat/completions", "/v1/completions" })
        {
            JsonObject streaming = JsonNode.Parse("""{"messages": [{"role": "user", "content": "a"}], "stream": true}""")!.AsObject();
            if (path == "/v1/completions")
                streaming = JsonNode.Parse("""{"prompt": "a", "stream": true}""")!.AsObject();
            ApiException refused = await Assert.ThrowsAsync<ApiException>(
                () => operations.Single(operation => operation.Path == path).RunAsync(streaming, 0, TestContext.Current.CancellationToken));
            Assert.Equal((400, "stream"), (refused.Status, refused.Parameter));
        }
    }

    private static ChatRequest Read(string fields, int priority) => ChatRequest.Read(
        JsonNode.Parse(string.Create(CultureInfo.InvariantCulture, $$"""{"messages": [{"role": "user", "content": "a"}], {{fields}}}"""))!.AsObject(), s_limits, priority);
}
