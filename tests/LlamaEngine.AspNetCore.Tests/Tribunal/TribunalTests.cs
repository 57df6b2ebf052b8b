using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.Tests;
using LlamaEngine.Tribunal;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests.Tribunal;

/// <summary>/v1/tribunal: every stage in the reply, and as it happens.</summary>
public sealed class TribunalTests(LexiconServer lexicon) : IClassFixture<LexiconServer>
{
    private const string Path = "/v1/tribunal";

    private readonly TestServer _server = lexicon.Server;

    [Fact]
    public async Task All_stages_are_in_the_reply_as_in_process()
    {
        TribunalResult expected = await _server.Engine.TribunalAsync(
            "What is a camera?", new TribunalOptions { Rounds = 2, Generation = new GenerationOptions { MaxTokens = 24 } }, TestContext.Current.CancellationToken);
        Reply reply = await _server.PostAsync(Path, """{"prompt":"What is a camera?","rounds":2,"max_tokens":24}""");
        Assert.Equal(200, reply.Status);
        JsonArray stages = reply.Json["stages"]!.AsArray();
        Assert.Equal(["generate", "critique", "revise", "critique", "revise"], stages.Select(stage => (string?)stage!["name"]));
        Assert.Equal(expected.Stages.Select(stage => stage.Text), stages.Select(stage => (string?)stage!["text"]));
        Assert.Equal([0, 1, 1, 2, 2], stages.Select(stage => (int)stage!["round"]!));
        Assert.All(stages, stage => Assert.Equal(TestServer.Model, (string?)stage!["model"]));
        Assert.Equal(expected.Output, (string?)reply.Json["output"]);
        Assert.Equal("tribunal", (string?)reply.Json["object"]);
        Assert.Equal(
            stages.Sum(stage => (int)stage!["usage"]!["total_tokens"]!), (int)reply.Json["usage"]!["total_tokens"]!);
    }

    [Fact]
    public async Task Each_stage_streams_as_it_happens_and_the_last_event_is_the_whole()
    {
        const string Fields = "\"prompt\":\"What is a camera?\",\"max_tokens\":24,\"seed\":1";
        JsonNode whole = (await _server.PostAsync(Path, $"{{{Fields}}}")).Json;
        JsonNode[] events = await _server.ReadAsync(Path, $"{{{Fields},\"stream\":true}}");
        string[] kinds = Array.ConvertAll(events, piece => (string)piece["object"]!);
        Assert.Equal(3, kinds.Count(kind => kind == "tribunal.stage.started"));
        Assert.Equal(3, kinds.Count(kind => kind == "tribunal.stage.ended"));
        Assert.Equal("tribunal", kinds[^1]);
        Assert.Equal((string?)whole["output"], (string?)events[^1]["output"]);
        for (int i = 0; i < 3; i++)
        {
            string text = string.Concat(events.Where(piece => (string?)piece["object"] == "tribunal.stage.delta" && (int)piece["index"]! == i).Select(piece => (string?)piece["delta"]));
            Assert.Equal((string?)whole["stages"]![i]!["text"], text);
        }
        Assert.Single(events.Select(piece => (string?)piece["id"]).Distinct());
    }

    [Fact]
    public async Task Prompts_can_be_replaced_and_are_shown()
    {
        Reply reply = await _server.PostAsync(Path, """
            {"messages":[{"role":"user","content":"What is a river?"}],"max_tokens":8,
             "prompts":{"generate":"Define: {request}","critique":"Judge {answer}","revise":"Mend {answer} by {critique}"}}
            """);
        JsonArray stages = reply.Json["stages"]!.AsArray();
        string[] texts = [.. stages.Select(stage => (string)stage!["text"]!)];
        Assert.Equal(
            ["Define: What is a river?", $"Judge {texts[0]}", $"Mend {texts[0]} by {texts[1]}"], stages.Select(stage => (string?)stage!["prompt"]));
    }

    [Theory]
    [InlineData("""{}""", "messages")]
    [InlineData("""{"prompt":"a","messages":[]}""", "prompt")]
    [InlineData("""{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}]}""", "messages")]
    [InlineData("""{"prompt":"a","rounds":0}""", "rounds")]
    [InlineData("""{"prompt":"a","rounds":9}""", "rounds")]
    [InlineData("""{"prompt":"a","n":2}""", "n")]
    [InlineData("""{"prompt":"a","approval_word":"!"}""", "approval_word")]
    [InlineData("""{"prompt":"a","prompts":{"generate":"nothing"}}""", "prompts")]
    [InlineData("""{"prompt":"a","prompts":{"judge":"b"}}""", "prompts.judge")]
    [InlineData("""{"prompt":"a","models":{"revise":"none"}}""", "model")]
    [InlineData("""{"prompt":"a","model":"none"}""", "model")]
    [InlineData("""{"prompt":"a","logprobs":true}""", "logprobs")]
    public async Task What_is_wrong_is_refused_by_name(string body, string field)
    {
        Reply reply = await _server.PostAsync(Path, body);
        Assert.InRange(reply.Status, 400, 404);
        Assert.Equal(field, reply.Parameter);
        Assert.DoesNotContain("TribunalOptions", reply.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Three_models_may_share_a_memory_that_holds_one()
    {
        await using TestServer server = await TestServer.StartAsync(services => services.AddLlamaEngineServer(options =>
        {
            // One context of KV cache and the weights of one model; two do not fit.
            options.MemoryBytes = 24 << 20;
            foreach (string name in (string[])["a", "b", "c"])
                options.Models.Add(new LlamaEngineServerModel { Name = name, Engine = new EngineOptions { ModelPath = TestServer.Lexicon } });
        }));
        Reply reply = await server.PostAsync(Path, """{"prompt":"What is a camera?","max_tokens":8,"rounds":2,"model":"a","models":{"critique":"b","revise":"c"}}""");
        Assert.True(reply.Status == 200, reply.Text);
        Assert.Equal(["a", "b", "c", "b", "c"], reply.Json["stages"]!.AsArray().Select(stage => (string?)stage!["model"]));
        Reply same = await server.PostAsync(Path, """{"prompt":"What is a camera?","max_tokens":8,"rounds":2,"model":"a"}""");
        Assert.Equal((string?)same.Json["output"], (string?)reply.Json["output"]);
        Assert.Equal(5, server.Services.GetRequiredService<ModelPool>().Statistics!.Value.Evictions);
    }

    [Fact]
    public async Task SmolLM2_s_stages_find_what_came_before_in_the_cache()
    {
        string path = SharedData.Shared("models", "smollm2-135m-instruct-q4_1.gguf");
        await using TestServer server = await TestServer.StartAsync(services => services.AddLlamaEngine(options =>
        {
            options.ModelPath = path;
            options.ContextLength = 1024;
        }));
        Reply reply = await server.PostAsync(Path, """{"prompt":"Why is the sky blue? Answer in two sentences.","temperature":0,"max_tokens":48}""");
        JsonArray stages = reply.Json["stages"]!.AsArray();
        Assert.Equal(3, stages.Count);
        for (int i = 1; i < 3; i++)
        {
            int before = (int)stages[i - 1]!["usage"]!["prompt_tokens"]!, cached = (int)stages[i]!["usage"]!["prompt_tokens_details"]!["cached_tokens"]!;
            Assert.True(cached >= before / 16 * 16, $"stage {i}: {cached} cached tokens of a prompt that begins with {before}");
        }
    }
}
