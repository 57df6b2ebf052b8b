using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests.Fuzzing;

/// <summary>
/// Damaged bodies at all endpoints: each gets its reply or an error that says something, never a 5xx, and the engine is idle afterwards.
/// 2,000 of them; LLAMAENGINE_REST_FUZZ_BODIES asks for more.
/// </summary>
public sealed class FuzzTests
{
    private const int Callers = 8;

    private static readonly (string Path, string Body)[] s_seeds =
    [
        ("/v1/chat/completions", """
            {"model": "lexicon-5m-q8_0", "messages": [{"role": "system", "content": "a"}, {"role": "user", "content": [{"type": "text", "text": "river"}]},
             {"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
             {"role": "tool", "tool_call_id": "a", "content": "b"}],
             "max_tokens": 4, "temperature": 1, "seed": 1, "n": 2, "logprobs": true, "top_logprobs": 2}
            """),
        ("/v1/chat/completions", """
            {"messages": [{"role": "user", "content": "river"}], "stream": true, "stream_options": {"include_usage": true}, "max_completion_tokens": 4,
             "stop": ["a", "b"], "logit_bias": {"5": 1}, "session_id": "s", "metadata": {"a": "b"}, "top_p": 0.9, "frequency_penalty": 1}
            """),
        ("/v1/chat/completions", """
            {"messages": [{"role": "user", "content": "river"}], "max_tokens": 8, "response_format": {"type": "json_schema", "json_schema": {"name": "a",
             "strict": true, "schema": {"type": "object", "properties": {"a": {"type": "integer", "minimum": 1}, "b": {"enum": ["x", null]},
             "c": {"type": "array", "items": {"$ref": "#/properties/a"}, "maxItems": 3}}, "required": ["a"], "additionalProperties": false}}}}
            """),
        ("/v1/chat/completions", """
            {"messages": [{"role": "user", "content": "river"}], "max_tokens": 8, "tool_choice": {"type": "function", "function": {"name": "f"}},
             "tools": [{"type": "function", "function": {"name": "f", "description": "d", "strict": true, "parameters": {"type": "object"}}}]}
            """),
        ("/v1/completions", """
            {"prompt": ["river", "lake"], "max_tokens": 4, "n": 2, "logprobs": 2, "temperature": 1, "top_k": 5, "min_p": 0.1, "typical_p": 0.9,
             "repetition_penalty": 1.1, "min_tokens": 1, "ignore_eos": true, "stop_token_ids": [3], "priority": 1, "timeout": "5m", "keep_alive": "1h"}
            """),
        ("/v1/completions", """{"prompt": [1, 2, 3], "max_tokens": 4, "stream": true, "echo": false, "best_of": 1, "logprobs": 1, "parse_special": true}"""),
        ("/v1/embeddings", """{"input": ["river", "lake"], "encoding_format": "base64", "user": "u"}"""),
        ("/v1/embeddings", """{"input": [[1, 2], [3]], "encoding_format": "float"}"""),
        ("/v1/bulk", """{"endpoint": "/v1/completions", "requests": [{"prompt": "river", "max_tokens": 2}, {"prompt": [1], "max_tokens": 2, "n": 2}], "priority": 1}"""),
        ("/tokenize", """{"prompt": "river", "add_special_tokens": true, "parse_special": false, "return_token_strs": true}"""),
        ("/detokenize", """{"tokens": [1, 2, 3]}"""),
        ("/apply-template", """{"messages": [{"role": "user", "content": "river"}], "add_generation_prompt": true}"""),
    ];

    [Fact]
    public async Task Damaged_bodies_never_give_a_5xx_and_leave_nothing_behind()
    {
        int bodies = int.TryParse(Environment.GetEnvironmentVariable("LLAMAENGINE_REST_FUZZ_BODIES"), out int wanted) ? wanted : 2000;
        await using TestServer server = await TestServer.StartAsync(services => services.AddLlamaEngine(options =>
            (options.ModelPath, options.ContextLength) = (TestServer.Lexicon, 64)));
        int[] statuses = new int[600];
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            var random = new Random(caller);
            for (int i = caller; i < bodies; i += Callers)
            {
                (string path, string seed) = s_seeds[random.Next(s_seeds.Length)];
                byte[] body = BodyMutator.Mutate(seed, random);
                Interlocked.Increment(ref statuses[await AskAsync(server, path, body)]);
            }
        }));
        await server.Engine.WaitUntilIdleAsync();
        Assert.Equal(bodies, statuses.Sum());
        // The damage must be such that it tells something: many are refused, and many go through.
        Assert.InRange(statuses[400], bodies / 4, bodies);
        Assert.InRange(statuses[200], bodies / 20, bodies);
    }

    private static async Task<int> AskAsync(TestServer server, string path, byte[] body)
    {
        Reply reply = await server.PostAsync(path, body);
        string request = $"{path} {Encoding.UTF8.GetString(body)}: {reply.Text}";
        Assert.True(reply.Status is 200 or (>= 400 and < 500), request);
        if (reply.Status != 200)
            Assert.True(IsError(reply.Text), request);
        else if (reply.Response.Content.Headers.ContentType!.MediaType == "text/event-stream")
            Assert.True(EventReader.Split(reply.Text)[^1] is "[DONE]" || IsError(EventReader.Split(reply.Text)[^1]), request);
        else
            Assert.True(JsonNode.Parse(reply.Text) is JsonObject, request);
        return reply.Status;
    }

    private static bool IsError(string json)
    {
        try
        {
            JsonNode error = JsonNode.Parse(json)!["error"]!;
            return ((string)error["message"]!).Length > 10 && ((string)error["type"]!).Length > 0;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or NullReferenceException)
        {
            return false;
        }
    }
}
