using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace LlamaEngine.AspNetCore.Tests.Chat;

/// <summary>/v1/chat/completions as a whole: what the engine in process gives, in OpenAI's shape.</summary>
public sealed class ChatTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private const string Path = "/v1/chat/completions";

    private static readonly Prompt s_camera = Prompt.FromUser("What is a camera?");

    private TestServer Server => fixture.Server;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_reply_is_what_the_engine_gives_in_process()
    {
        Completion expected = await Server.Engine.CompleteAsync(s_camera, new GenerationOptions { Temperature = 0 }, Token);
        long before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Reply reply = await Server.PostAsync(Path, """
            {"model": "lexicon-5m-q8_0", "messages": [{"role": "user", "content": "What is a camera?"}], "temperature": 0,
             "user": "u", "metadata": {"a": "b"}, "store": false, "n": 1, "stream": false, "tools": [], "response_format": {"type": "text"}}
            """);
        Assert.Equal(200, reply.Status);
        Assert.Equal("application/json; charset=utf-8", reply.Response.Content.Headers.ContentType!.ToString());
        JsonNode json = reply.Json;
        Assert.StartsWith("chatcmpl-", (string)json["id"]!, StringComparison.Ordinal);
        Assert.Equal(("chat.completion", "lexicon-5m-q8_0"), ((string)json["object"]!, (string)json["model"]!));
        Assert.InRange((long)json["created"]!, before, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        Assert.Matches("^fp_[0-9a-f]{12}$", (string)json["system_fingerprint"]!);
        JsonNode choice = Assert.Single(json["choices"]!.AsArray())!;
        Assert.Equal((0, "assistant", expected.Text, "stop"),
            ((int)choice["index"]!, (string)choice["message"]!["role"]!, (string)choice["message"]!["content"]!, (string)choice["finish_reason"]!));
        Assert.Null(choice["logprobs"]);
        JsonNode usage = json["usage"]!;
        Assert.Equal(
            (expected.Usage.PromptTokens, expected.Usage.CompletionTokens, expected.Usage.TotalTokens),
            ((int)usage["prompt_tokens"]!, (int)usage["completion_tokens"]!, (int)usage["total_tokens"]!));
        int cached = (int)usage["prompt_tokens_details"]!["cached_tokens"]!;
        Assert.Equal((await Server.Engine.CompleteAsync(s_camera, new GenerationOptions { Temperature = 0 }, Token)).Usage.CachedTokens, cached);
    }

    [Fact]
    public async Task Parts_roles_and_calls_become_the_messages_that_the_template_gets()
    {
        ChatMessage[] messages =
        [
            new(ChatRole.System, "Be brief."), new(ChatRole.System, "Very."), new(ChatRole.User, "river or lake"),
            new(ChatRole.Assistant, [new FunctionCallContent("c1", "find", new Dictionary<string, object?> { ["word"] = "river" })]),
            new(ChatRole.Tool, [new FunctionResultContent("c1", "water")]), new(ChatRole.Assistant, "ok"), new(ChatRole.User, "go"),
        ];
        string expected = (await Server.Engine.CompleteAsync(Prompt.FromMessages(messages), new GenerationOptions { Temperature = 0, MaxTokens = 12 }, Token)).Text;
        int prompt = Server.Engine.Tokenize(Prompt.FromMessages(messages)).Length;
        Reply reply = await Server.PostAsync(Path, """
            {"messages": [
              {"role": "developer", "content": "Be brief."}, {"role": "system", "content": "Very."},
              {"role": "user", "content": [{"type": "text", "text": "river "}, {"type": "text", "text": "or lake"}]},
              {"role": "assistant", "content": null,
               "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{\"word\": \"river\"}"}}]},
              {"role": "tool", "tool_call_id": "c1", "content": "water"}, {"role": "assistant", "content": "ok"}, {"role": "user", "content": "go"}],
             "temperature": 0, "max_completion_tokens": 12}
            """);
        Assert.Equal(200, reply.Status);
        Assert.Equal((expected, prompt), ((string)reply.Json["choices"]![0]!["message"]!["content"]!, (int)reply.Json["usage"]!["prompt_tokens"]!));
    }

    [Fact]
    public async Task Every_sampling_field_reaches_the_engine()
    {
        var options = new GenerationOptions
        {
            MaxTokens = 24, Choices = 3, Temperature = 1.3f, TopP = 0.9f, TopK = 40, MinP = 0.01f, TypicalP = 0.95f, RepetitionPenalty = 1.1f,
            PresencePenalty = 0.5f, FrequencyPenalty = -0.25f, LogitBias = new Dictionary<int, float> { [65] = 3.5f, [70] = -100 }, Seed = 12345,
            StopStrings = ["zzz", "("], StopTokens = [77], MinTokens = 5, IgnoreEndTokens = true,
        };
        IReadOnlyList<Completion> expected = await Server.Engine.CompleteAllAsync(s_camera, options, Token);
        Reply reply = await Server.PostAsync(Path, """
            {"messages": [{"role": "user", "content": "What is a camera?"}], "max_tokens": 24, "n": 3, "temperature": 1.3, "top_p": 0.9, "top_k": 40,
             "min_p": 0.01, "typical_p": 0.95, "repetition_penalty": 1.1, "presence_penalty": 0.5, "frequency_penalty": -0.25,
             "logit_bias": {"65": 3.5, "70": -100}, "seed": 12345, "stop": ["zzz", "("], "stop_token_ids": [77], "min_tokens": 5, "ignore_eos": true,
             "priority": 3, "timeout": "5m", "keep_alive": -1}
            """);
        Assert.Equal(200, reply.Status);
        JsonArray choices = reply.Json["choices"]!.AsArray();
        Assert.Equal(expected.Select(choice => choice.Text), choices.Select(choice => (string)choice!["message"]!["content"]!));
        Assert.Equal(expected.Select(choice => choice.FinishReason.ToString().ToLowerInvariant()), choices.Select(choice => (string)choice!["finish_reason"]!));
        Assert.Equal([0, 1, 2], choices.Select(choice => (int)choice!["index"]!));
        Assert.Equal(expected.Sum(choice => choice.Usage.CompletionTokens), (int)reply.Json["usage"]!["completion_tokens"]!);
        Assert.Equal(expected[0].Usage.PromptTokens, (int)reply.Json["usage"]!["prompt_tokens"]!);
    }

    /// <summary>Each of these changes the text, or the reason of its end, against the request without it; so none is read and forgotten.</summary>
    [Theory]
    [InlineData("\"max_tokens\": 3")]
    [InlineData("\"stop\": \"equip\"")]
    [InlineData("\"logit_bias\": {\"TOKEN\": -100}")]
    [InlineData("\"stop_token_ids\": [TOKEN]")]
    [InlineData("\"temperature\": 2, \"seed\": 3")]
    [InlineData("\"ignore_eos\": true")]
    [InlineData("\"min_tokens\": 40")]
    [InlineData("\"repetition_penalty\": 8")]
    public async Task A_field_alone_changes_the_reply(string field)
    {
        Completion plain = await Server.Engine.CompleteAsync(s_camera, new GenerationOptions { Temperature = 0 }, Token);
        field = field.Replace("TOKEN", plain.Tokens[2].ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        string greedy = field.Contains("temperature", StringComparison.Ordinal) ? "" : "\"temperature\": 0, ";
        Reply reply = await Server.PostAsync(Path, $$"""{"messages": [{"role": "user", "content": "What is a camera?"}], {{greedy}}{{field}}}""");
        Assert.Equal(200, reply.Status);
        Assert.NotEqual(plain.Text, (string)reply.Json["choices"]![0]!["message"]!["content"]!);
    }

    [Fact]
    public async Task Equal_seeds_give_equal_texts_and_zero_top_p_is_greedy()
    {
        const string Body = """{"messages": [{"role": "user", "content": "river"}], "temperature": 1.5, "max_tokens": 20, SEED}""";
        async Task<string> Text(string seed) =>
            (string)(await Server.PostAsync(Path, Body.Replace("SEED", seed, StringComparison.Ordinal))).Json["choices"]![0]!["message"]!["content"]!;
        Assert.Equal(await Text("\"seed\": -7"), await Text("\"seed\": -7"));
        Assert.NotEqual(await Text("\"seed\": -7"), await Text("\"seed\": -8"));
        string greedy = (await Server.Engine.CompleteAsync(Prompt.FromUser("river"), new GenerationOptions { Temperature = 0, MaxTokens = 20 }, Token)).Text;
        Assert.Equal(greedy, await Text("\"top_p\": 0"));
    }

    [Fact]
    public async Task Log_probabilities_are_the_engines_with_bytes_and_alternatives()
    {
        Completion expected = await Server.Engine.CompleteAsync(s_camera, new GenerationOptions { Temperature = 0, TopLogProbabilities = 3 }, Token);
        Reply reply = await Server.PostAsync(Path, """
            {"messages": [{"role": "user", "content": "What is a camera?"}], "temperature": 0, "logprobs": true, "top_logprobs": 3}
            """);
        JsonNode choice = reply.Json["choices"]![0]!;
        JsonArray tokens = choice["logprobs"]!["content"]!.AsArray();
        Assert.Equal(expected.Tokens.Length - 1, tokens.Count); // the end token is no part of the text
        Assert.Equal(expected.LogProbabilities[..^1], tokens.Select(token => (float)token!["logprob"]!));
        Assert.Equal(
            expected.TopLogProbabilities[..^1].Select(top => string.Join(' ', top.Select(one => one.LogProbability))),
            tokens.Select(token => string.Join(' ', token!["top_logprobs"]!.AsArray().Select(one => (float)one!["logprob"]!))));
        byte[] bytes = [.. tokens.SelectMany(token => token!["bytes"]!.AsArray()).Select(value => (byte)value!)];
        Assert.Equal((string)choice["message"]!["content"]!, System.Text.Encoding.UTF8.GetString(bytes));
        Assert.Equal((string)choice["message"]!["content"]!, string.Concat(tokens.Select(token => (string)token!["token"]!)));
    }

    [Fact]
    public async Task A_session_goes_on_with_what_was_said_and_takes_only_what_is_new()
    {
        async Task<Reply> Say(string text, string session = "s1") => await Server.PostAsync(
            Path, $$"""{"messages": [{"role": "user", "content": "{{text}}"}], "temperature": 0, "max_tokens": 16, "session_id": "{{session}}"}""");
        var options = new GenerationOptions { Temperature = 0, MaxTokens = 16 };
        using ChatSession chat = Server.Engine.StartChat();
        foreach (string text in new[] { "river", "lake", "sea" })
        {
            string expected = "";
            await foreach (CompletionUpdate update in chat.SendAsync(text, options, Token))
                expected += update.Text;
            Reply reply = await Say(text);
            Assert.Equal(expected, (string)reply.Json["choices"]![0]!["message"]!["content"]!);
            Assert.Equal(
                Server.Engine.Tokenize(Prompt.FromMessages(chat.Messages.SkipLast(1))).Length, (int)reply.Json["usage"]!["prompt_tokens"]!);
        }
        Reply other = await Say("river", "s2");
        Assert.Equal(Server.Engine.Tokenize(Prompt.FromUser("river")).Length, (int)other.Json["usage"]!["prompt_tokens"]!);
    }
}
