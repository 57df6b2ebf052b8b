using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Models;
using LlamaEngine.AspNetCore.Tests.Chat;
using Microsoft.Extensions.DependencyInjection;

namespace LlamaEngine.AspNetCore.Tests.Fuzzing;

/// <summary>
/// Damaged bodies at all endpoints: each gets its reply or an error that says something, never a 5xx, and the engine is idle afterwards.
/// 2,000 of them; LLAMAENGINE_REST_FUZZ_BODIES asks for more (the acceptance: 50,000). A body over which the server hung would end as the client's
/// timeout, after two minutes.
/// </summary>
public sealed class FuzzTests
{
    private const int Callers = 8;

    private static readonly (string Path, string Body)[] s_seeds =
    [
        ("/v1/chat/completions", """
            {"model": "tools", "messages": [{"role": "system", "content": "a"}, {"role": "user", "content": [{"type": "text", "text": "river"}]},
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
            {"messages": [{"role": "user", "content": "river"}], "max_tokens": 8, "tool_choice": {"type": "function", "function": {"name": "f"}}, "stream": true,
             "tools": [{"type": "function", "function": {"name": "f", "description": "d", "strict": true, "parameters": {"type": "object",
             "properties": {"a": {"type": "string", "pattern": "^[a-z]+$"}}, "required": ["a"]}}}], "parallel_tool_calls": false}
            """),
        ("/v1/chat/completions", """
            {"messages": [{"role": "user", "content": "river"}, {"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function",
             "function": {"name": "f", "arguments": "{\"a\": 1}"}}]}, {"role": "tool", "tool_call_id": "a", "content": [{"type": "text", "text": "b"}]}],
             "max_tokens": 8, "tool_choice": "auto", "tools": [{"type": "function", "function": {"name": "f"}}, {"type": "function", "function": {"name": "g"}}]}
            """),
        ("/v1/chat/completions", """{"messages": [{"role": "user", "content": "river"}], "max_tokens": 4, "response_format": {"type": "json_object"}, "n": 2, "seed": 1}"""),
        ("/v1/tribunal", """
            {"prompt": "river", "rounds": 2, "max_tokens": 2, "temperature": 1, "seed": 1, "models": {"generate": "tools", "critique": "tools", "revise": "tools"},
             "prompts": {"generate": "{request}", "critique": "{answer}", "revise": "{critique}"}, "approval_word": "yes", "stream": true}
            """),
        ("/v1/tribunal", """{"messages": [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}], "max_tokens": 2, "prompts": {"critique": "{answer}"}}"""),
        ("/v1/completions", """
            {"prompt": ["river", "lake"], "max_tokens": 4, "n": 2, "logprobs": 2, "temperature": 1, "top_k": 5, "min_p": 0.1, "typical_p": 0.9,
             "repetition_penalty": 1.1, "min_tokens": 1, "ignore_eos": true, "stop_token_ids": [3], "priority": 1, "timeout": "5m", "keep_alive": "1h"}
            """),
        ("/v1/completions", """{"prompt": [1, 2, 3], "max_tokens": 4, "stream": true, "echo": false, "best_of": 1, "logprobs": 1, "parse_special": true}"""),
        ("/v1/embeddings", """{"input": ["river", "lake"], "encoding_format": "base64", "user": "u"}"""),
        ("/v1/embeddings", """{"input": [[1, 2], [3]], "encoding_format": "float"}"""),
        ("/v1/bulk", """{"endpoint": "/v1/completions", "requests": [{"prompt": "river", "max_tokens": 2}, {"prompt": [1], "max_tokens": 2, "n": 2}], "priority": 1}"""),
        ("/v1/bulk", """{"endpoint": "/v1/chat/completions", "requests": [{"messages": [{"role": "user", "content": "a"}], "max_tokens": 2}]}"""),
        ("/v1/bulk", """{"endpoint": "/v1/embeddings", "requests": [{"input": ["a", "b"], "encoding_format": "float"}, {"input": [1]}]}"""),
        ("/tokenize", """
            {"messages": [{"role": "user", "content": "river"}], "add_generation_prompt": true, "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}]}
            """),
        ("/tokenize", """{"prompt": "river", "add_special_tokens": true, "parse_special": false, "return_token_strs": true}"""),
        ("/detokenize", """{"tokens": [1, 2, 3]}"""),
        ("/apply-template", """
            {"messages": [{"role": "user", "content": "river"}], "add_generation_prompt": true, "tools": [{"type": "function", "function": {"name": "f"}}]}
            """),
    ];

    [Fact]
    public async Task Damaged_bodies_never_give_a_5xx_and_leave_nothing_behind()
    {
        int bodies = int.TryParse(Environment.GetEnvironmentVariable("LLAMAENGINE_REST_FUZZ_BODIES"), out int wanted) ? wanted : 2000;
        await using InferenceEngine engine = ToolModel.CreateEngine(new EngineOptions { ContextLength = 128 });
        await using TestServer server = await TestServer.StartAsync(services =>
        {
            services.AddSingleton(provider => new ModelCatalog([new ToolModel.Served(engine)], TimeProvider.System));
            services.AddLlamaEngineServer();
        });
        int[] statuses = new int[600];
        var slowest = new (TimeSpan Time, string Request)[Callers]; // for people
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            var random = new Random(caller);
            for (int i = caller; i < bodies; i += Callers)
            {
                (string path, string seed) = s_seeds[random.Next(s_seeds.Length)];
                byte[] body = random.Next(2) == 0 ? BodyMutator.Mutate(seed, random) : BodyDamage.Damage(seed, random);
                long started = Stopwatch.GetTimestamp();
                Interlocked.Increment(ref statuses[await AskAsync(server, path, body)]);
                slowest[caller] = Longer(slowest[caller], (Stopwatch.GetElapsedTime(started), $"{path} {Encoding.UTF8.GetString(body)}"));
            }
        }));
        (TimeSpan time, string request) = slowest.Aggregate(Longer);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{string.Join(", ", statuses.Index().Where(one => one.Item > 0).Select(one => $"{one.Item} × {one.Index}"))}; the slowest took {time}: {request[..Math.Min(2000, request.Length)]}");
        await engine.WaitUntilIdleAsync();
        Assert.Equal(bodies, statuses.Sum());
        // The damage must be such that it tells something: many are refused, and many go through.
        Assert.InRange(statuses[400], bodies / 4, bodies);
        Assert.InRange(statuses[200], bodies / 20, bodies);
    }

    private static (TimeSpan Time, string Request) Longer((TimeSpan Time, string Request) one, (TimeSpan Time, string Request) other) => one.Time >= other.Time ? one : other;

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
