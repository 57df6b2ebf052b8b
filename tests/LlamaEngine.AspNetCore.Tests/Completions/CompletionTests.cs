using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.Completions;

/// <summary>/v1/completions: whole and in pieces.</summary>
public sealed class CompletionTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private const string Path = "/v1/completions";

    private TestServer Server => fixture.Server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_text_and_its_tokens_are_continued_alike()
    {
        var options = new GenerationOptions { Temperature = 0, MaxTokens = 12, IgnoreEndTokens = true };
        Completion expected = await Server.Engine.CompleteAsync("A river is", options, Token);
        string tokens = string.Join(',', Server.Engine.Tokenize("A river is"));
        foreach (string prompt in new[] { "\"A river is\"", "[\"A river is\"]", $"[{tokens}]", $"[[{tokens}]]" })
        {
            Reply reply = await Server.PostAsync(Path, $$"""{"model": "lexicon-5m-q8_0", "prompt": {{prompt}}, "max_tokens": 12, "temperature": 0, "ignore_eos": true, "echo": false, "best_of": 1}""");
            Assert.Equal(200, reply.Status);
            Assert.StartsWith("cmpl-", (string)reply.Json["id"]!, StringComparison.Ordinal);
            Assert.Equal("text_completion", (string)reply.Json["object"]!);
            JsonNode choice = Assert.Single(reply.Json["choices"]!.AsArray())!;
            Assert.Equal((0, expected.Text, "length"), ((int)choice["index"]!, (string)choice["text"]!, (string)choice["finish_reason"]!));
            Assert.Null(choice["logprobs"]);
            Assert.Equal((expected.Usage.PromptTokens, 12), ((int)reply.Json["usage"]!["prompt_tokens"]!, (int)reply.Json["usage"]!["completion_tokens"]!));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Several_prompts_with_several_choices_are_numbered_one_after_the_other(bool stream)
    {
        string[] prompts = ["A river is", "A house", "Music"];
        var options = new GenerationOptions { Temperature = 1, Seed = 9, MaxTokens = 10, Choices = 2, IgnoreEndTokens = true };
        List<string> expected = [];
        int promptTokens = 0;
        foreach (string prompt in prompts)
        {
            expected.AddRange((await Server.Engine.CompleteAllAsync(prompt, options, Token)).Select(one => one.Text));
            promptTokens += Server.Engine.Tokenize(prompt).Length;
        }
        string body = $$"""{"prompt": ["A river is", "A house", "Music"], "n": 2, "temperature": 1, "seed": 9, "max_tokens": 10, "ignore_eos": true""";
        JsonNode usage;
        if (stream)
        {
            JsonNode[] chunks = await Server.ReadAsync(Path, body + """, "stream": true, "stream_options": {"include_usage": true}}""");
            Assert.Equal(expected, chunks.Texts(6, choice => (string?)choice["text"]));
            Assert.Equal(6, chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).Count(choice => choice!["finish_reason"] is not null));
            usage = chunks[^1]["usage"]!;
        }
        else
        {
            JsonNode json = (await Server.PostAsync(Path, body + "}")).Json;
            Assert.Equal(expected, json["choices"]!.AsArray().Select(choice => (string)choice!["text"]!));
            Assert.Equal([0, 1, 2, 3, 4, 5], json["choices"]!.AsArray().Select(choice => (int)choice!["index"]!));
            usage = json["usage"]!;
        }
        Assert.Equal((promptTokens, 60), ((int)usage["prompt_tokens"]!, (int)usage["completion_tokens"]!));
    }

    [Fact]
    public async Task When_one_prompt_fails_the_others_end()
    {
        string tooLong = string.Join(' ', Enumerable.Repeat("river", 600));
        Reply reply = await Server.PostAsync(Path, $$"""{"prompt": ["river", "{{tooLong}}"], "ignore_eos": true}""");
        Assert.Equal((400, "context_length_exceeded", "prompt"), (reply.Status, reply.Code, reply.Parameter));
        await Server.Engine.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Log_probabilities_have_the_older_shape()
    {
        int[] prompt = Server.Engine.Tokenize(Prompt.FromUser("What is a camera?"));
        Completion expected = await Server.Engine.CompleteAsync(prompt, new GenerationOptions { Temperature = 0, MaxTokens = 12, TopLogProbabilities = 2 }, Token);
        Assert.Equal((12, FinishReason.Length), (expected.Tokens.Length, expected.FinishReason));
        string body = $$"""{"prompt": [{{string.Join(',', prompt)}}], "max_tokens": 12, "temperature": 0, "logprobs": 2, "stream": STREAM}""";
        JsonNode logs = (await Server.PostAsync(Path, body.Replace("STREAM", "false", StringComparison.Ordinal))).Json["choices"]![0]!["logprobs"]!;
        Assert.Equal(expected.LogProbabilities, logs["token_logprobs"]!.AsArray().Select(value => (float)value!));
        string[] tokens = [.. logs["tokens"]!.AsArray().Select(token => (string)token!)];
        Assert.Equal(expected.Text, string.Concat(tokens));
        Assert.Equal(expected.TopLogProbabilities.Select(top => top.Length), logs["top_logprobs"]!.AsArray().Select(top => top!.AsObject().Count));
        int offset = 0;
        for (int i = 0; i < tokens.Length; offset += tokens[i++].Length)
            Assert.Equal(offset, (int)logs["text_offset"]![i]!);
        JsonNode[] chunks = await Server.ReadAsync(Path, body.Replace("STREAM", "true", StringComparison.Ordinal));
        JsonNode[] parts = [.. chunks.Select(chunk => chunk["choices"]![0]!["logprobs"]).OfType<JsonNode>()];
        foreach (string list in new[] { "tokens", "token_logprobs", "top_logprobs", "text_offset" })
        {
            Assert.Equal(
                logs[list]!.AsArray().Select(item => item!.ToJsonString()),
                parts.SelectMany(part => part[list]!.AsArray()).Select(item => item!.ToJsonString()));
        }
    }

    [Fact]
    public async Task Special_tokens_in_a_text_count_as_such_where_that_is_asked_for()
    {
        Reply template = await Server.PostAsync("/apply-template", """{"messages": [{"role": "user", "content": "What is a camera?"}]}""");
        var body = new JsonObject { ["prompt"] = (string)template.Json["prompt"]!, ["temperature"] = 0, ["parse_special"] = true };
        Completion expected = await Server.Engine.CompleteAsync(
            Prompt.FromText((string)template.Json["prompt"]!, allowSpecial: true), new GenerationOptions { Temperature = 0 }, Token);
        Reply reply = await Server.PostAsync(Path, body.ToJsonString());
        Assert.Equal(expected.Text, (string)reply.Json["choices"]![0]!["text"]!);
        Assert.Equal(expected.Usage.PromptTokens, (int)reply.Json["usage"]!["prompt_tokens"]!);
        body["parse_special"] = false;
        Assert.NotEqual(expected.Usage.PromptTokens, (int)(await Server.PostAsync(Path, body.ToJsonString())).Json["usage"]!["prompt_tokens"]!);
    }
}
