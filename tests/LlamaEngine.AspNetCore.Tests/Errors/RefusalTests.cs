namespace LlamaEngine.AspNetCore.Tests.Errors;

/// <summary>Fields that are missing, wrong, out of range, unknown or not supported: 400 with the field's name, always.</summary>
public sealed class RefusalTests(LexiconServer fixture) : IClassFixture<LexiconServer>
{
    private const string Chat = "/v1/chat/completions", Completions = "/v1/completions";

    private TestServer Server => fixture.Server;

    [Theory]
    [InlineData("\"temperature\": 2.1", "temperature")]
    [InlineData("\"temperature\": -0.1", "temperature")]
    [InlineData("\"temperature\": \"hot\"", "temperature")]
    [InlineData("\"temperature\": 1e999", "temperature")]
    [InlineData("\"top_p\": 1.01", "top_p")]
    [InlineData("\"top_p\": true", "top_p")]
    [InlineData("\"n\": 0", "n")]
    [InlineData("\"n\": 129", "n")]
    [InlineData("\"n\": 1.5", "n")]
    [InlineData("\"n\": 99999999999999999999", "n")]
    [InlineData("\"max_tokens\": 0", "max_tokens")]
    [InlineData("\"max_tokens\": -5", "max_tokens")]
    [InlineData("\"max_tokens\": \"5\"", "max_tokens")]
    [InlineData("\"max_tokens\": 2147483648", "max_tokens")]
    [InlineData("\"seed\": \"x\"", "seed")]
    [InlineData("\"seed\": 9223372036854775808", "seed")]
    [InlineData("\"stop\": \"\"", "stop")]
    [InlineData("\"stop\": 3", "stop")]
    [InlineData("\"stop\": [\"a\", null]", "stop[1]")]
    [InlineData("\"stop\": [\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\",\"12\",\"13\",\"14\",\"15\",\"16\",\"17\"]", "stop")]
    [InlineData("\"stream\": \"yes\"", "stream")]
    [InlineData("\"stream_options\": {\"include_usage\": true}", "stream_options")]
    [InlineData("\"stream\": true, \"stream_options\": {\"include_usage\": 1}", "stream_options.include_usage")]
    [InlineData("\"stream\": true, \"stream_options\": {\"verbose\": true}", "stream_options.verbose")]
    [InlineData("\"stream\": true, \"stream_options\": 3", "stream_options")]
    [InlineData("\"frequency_penalty\": 2.5", "frequency_penalty")]
    [InlineData("\"presence_penalty\": -2.5", "presence_penalty")]
    [InlineData("\"logit_bias\": [1]", "logit_bias")]
    [InlineData("\"logit_bias\": {\"river\": 1}", "logit_bias.river")]
    [InlineData("\"logit_bias\": {\"5\": 101}", "logit_bias.5")]
    [InlineData("\"logit_bias\": {\"5\": \"a\"}", "logit_bias.5")]
    [InlineData("\"logit_bias\": {\"99999999\": 1}", "logit_bias")]
    [InlineData("\"stop_token_ids\": [99999999]", "stop_token_ids")]
    [InlineData("\"stop_token_ids\": [\"a\"]", "stop_token_ids[0]")]
    [InlineData("\"min_tokens\": 9, \"max_tokens\": 3", "min_tokens")]
    [InlineData("\"min_tokens\": -1", "min_tokens")]
    [InlineData("\"top_k\": -2", "top_k")]
    [InlineData("\"min_p\": 1.5", "min_p")]
    [InlineData("\"typical_p\": -1", "typical_p")]
    [InlineData("\"repetition_penalty\": 0", "repetition_penalty")]
    [InlineData("\"repetition_penalty\": 1e-38", "repetition_penalty")]
    [InlineData("\"repetition_penalty\": 101", "repetition_penalty")]
    [InlineData("\"repetition_penalty\": 1e60", "repetition_penalty")]
    [InlineData("\"ignore_eos\": 1", "ignore_eos")]
    [InlineData("\"priority\": \"high\"", "priority")]
    [InlineData("\"timeout\": 0", "timeout")]
    [InlineData("\"timeout\": -3", "timeout")]
    [InlineData("\"timeout\": \"5 parsecs\"", "timeout")]
    [InlineData("\"timeout\": 1e300", "timeout")]
    [InlineData("\"keep_alive\": \"m\"", "keep_alive")]
    [InlineData("\"keep_alive\": \"\"", "keep_alive")]
    [InlineData("\"keep_alive\": []", "keep_alive")]
    [InlineData("\"keep_alive\": 0", "keep_alive")]
    [InlineData("\"user\": 3", "user")]
    [InlineData("\"metadata\": {\"a\": 3}", "metadata.a")]
    [InlineData("\"metadata\": 3", "metadata")]
    [InlineData("\"model\": 3", "model")]
    [InlineData("\"temprature\": 1", "temprature")]
    [InlineData("\"Temperature\": 1", "Temperature")]
    public async Task Both_endpoints_refuse_a_wrong_field_by_name(string field, string name)
    {
        foreach (string body in new[] { """{"messages": [{"role": "user", "content": "a"}], FIELD}""", """{"prompt": "a", FIELD}""" })
        {
            Reply reply = await Server.PostAsync(body.Contains("prompt", StringComparison.Ordinal) ? Completions : Chat, body.Replace("FIELD", field, StringComparison.Ordinal));
            Assert.Equal((400, "invalid_request_error", name), (reply.Status, (string?)reply.Error["type"], reply.Parameter));
            Assert.Contains(name.Split('.', '[')[0], reply.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("\"top_logprobs\": 2", "top_logprobs")]
    [InlineData("\"logprobs\": 2", "logprobs")]
    [InlineData("\"logprobs\": true, \"top_logprobs\": 21", "top_logprobs")]
    [InlineData("\"max_tokens\": 3, \"max_completion_tokens\": 4", "max_tokens")]
    [InlineData("\"max_completion_tokens\": 0", "max_completion_tokens")]
    [InlineData("\"store\": true", "store")]
    [InlineData("\"session_id\": \"\"", "session_id")]
    [InlineData("\"session_id\": \"a\", \"n\": 2", "n")]
    [InlineData("\"prompt\": \"a\"", "prompt")]
    [InlineData("\"suffix\": \"a\"", "suffix")]
    [InlineData("\"audio\": {}", "audio")]
    [InlineData("\"modalities\": [\"text\", \"audio\"]", "modalities")]
    [InlineData("\"functions\": []", "functions")]
    [InlineData("\"reasoning_effort\": \"high\"", "reasoning_effort")]
    [InlineData("\"service_tier\": \"flex\"", "service_tier")]
    [InlineData("\"prediction\": {}", "prediction")]
    public async Task A_chat_refuses_what_it_does_not_do(string field, string name)
    {
        Reply reply = await Server.PostAsync(Chat, $$"""{"messages": [{"role": "user", "content": "a"}], {{field}}}""");
        Assert.Equal((400, name), (reply.Status, reply.Parameter));
    }

    [Theory]
    [InlineData("\"prompt\": \"a\", \"echo\": true", "echo")]
    [InlineData("\"prompt\": \"a\", \"best_of\": 2", "best_of")]
    [InlineData("\"prompt\": \"a\", \"suffix\": \"b\"", "suffix")]
    [InlineData("\"prompt\": \"a\", \"logprobs\": true", "logprobs")]
    [InlineData("\"prompt\": \"a\", \"logprobs\": 21", "logprobs")]
    [InlineData("\"prompt\": \"a\", \"session_id\": \"s\"", "session_id")]
    [InlineData("\"prompt\": \"a\", \"max_completion_tokens\": 3", "max_completion_tokens")]
    [InlineData("\"prompt\": [\"a\", \"b\"], \"n\": 65", "n")]
    [InlineData("\"prompt\": []", "prompt")]
    [InlineData("\"prompt\": {}", "prompt")]
    [InlineData("\"prompt\": [null]", "prompt[0]")]
    [InlineData("\"prompt\": [[1, \"a\"]]", "prompt[0][1]")]
    [InlineData("\"prompt\": [99999999]", "prompt")]
    [InlineData("\"prompt\": null", "prompt")]
    [InlineData("\"n\": 1", "prompt")]
    public async Task A_completion_refuses_what_it_does_not_do(string fields, string name)
    {
        Reply reply = await Server.PostAsync(Completions, $"{{{fields}}}");
        Assert.Equal((400, name), (reply.Status, reply.Parameter));
    }

    [Theory]
    [InlineData("\"messages\": []", "messages")]
    [InlineData("\"messages\": \"hi\"", "messages")]
    [InlineData("\"messages\": {}", "messages")]
    [InlineData("\"model\": \"lexicon-5m-q8_0\"", "messages")]
    [InlineData("\"messages\": [3]", "messages[0]")]
    [InlineData("\"messages\": [null]", "messages[0]")]
    [InlineData("\"messages\": [{\"content\": \"a\"}]", "messages[0].role")]
    [InlineData("\"messages\": [{\"role\": \"robot\", \"content\": \"a\"}]", "messages[0].role")]
    [InlineData("\"messages\": [{\"role\": \"user\"}]", "messages[0].content")]
    [InlineData("\"messages\": [{\"role\": \"user\", \"content\": null}]", "messages[0].content")]
    [InlineData("\"messages\": [{\"role\": \"user\", \"content\": 3}]", "messages[0].content")]
    [InlineData("\"messages\": [{\"role\": \"user\", \"content\": \"a\", \"name\": \"b\"}]", "messages[0].name")]
    [InlineData("\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {\"url\": \"x\"}}]}]", "messages[0].content[0].type")]
    [InlineData("\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"input_audio\"}]}]", "messages[0].content[0].type")]
    [InlineData("\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"text\"}]}]", "messages[0].content[0].text")]
    [InlineData("\"messages\": [{\"role\": \"user\", \"content\": [\"a\"]}]", "messages[0].content[0]")]
    [InlineData("\"messages\": [{\"role\": \"tool\", \"content\": \"a\"}]", "messages[0].tool_call_id")]
    [InlineData("\"messages\": [{\"role\": \"user\", \"content\": \"a\", \"tool_calls\": []}]", "messages[0].tool_calls")]
    [InlineData("\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"type\": \"function\"}]}]", "messages[0].tool_calls[0].id")]
    [InlineData("\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"a\", \"type\": \"custom\"}]}]", "messages[0].tool_calls[0].type")]
    [InlineData("\"messages\": [{\"role\": \"assistant\", \"tool_calls\": [{\"id\": \"a\", \"type\": \"function\", \"function\": {\"name\": \"f\", \"arguments\": \"[\"}}]}]", "messages[0].tool_calls[0].function.arguments")]
    public async Task A_wrong_message_is_refused_by_its_path(string fields, string path)
    {
        Reply reply = await Server.PostAsync(Chat, $"{{{fields}}}");
        Assert.Equal((400, path), (reply.Status, reply.Parameter));
    }

    [Fact]
    public async Task Null_counts_as_not_given_and_a_fraction_of_zero_as_a_whole_number()
    {
        Reply reply = await Server.PostAsync(Chat, """
            {"messages": [{"role": "user", "content": "a"}], "temperature": null, "max_tokens": 2.0, "stop": null, "tools": null, "suffix": null, "stream_options": null}
            """);
        Assert.Equal((200, 2), (reply.Status, (int)reply.Json["usage"]!["completion_tokens"]!));
    }

    [Fact]
    public async Task An_unknown_model_is_404_and_the_message_names_those_there_are()
    {
        foreach ((string path, string body) in new[]
        {
            (Chat, """{"model": "gpt-4", "messages": [{"role": "user", "content": "a"}]}"""), (Completions, """{"model": "gpt-4", "prompt": "a"}"""),
            ("/v1/embeddings", """{"model": "gpt-4", "input": "a"}"""), ("/tokenize", """{"model": "gpt-4", "prompt": "a"}"""),
        })
        {
            Reply reply = await Server.PostAsync(path, body);
            Assert.Equal((404, "model_not_found", "model"), (reply.Status, reply.Code, reply.Parameter));
            Assert.Contains(TestServer.Model, reply.Message, StringComparison.Ordinal);
        }
    }
}
