using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace LlamaEngine.Cli.Tests.Soak;

/// <summary>
/// The requests of a soak: of every kind that the API has, each with what its reply must be. Equal requests must have equal replies, whenever they
/// come and in whatever company.
/// </summary>
internal sealed class SoakTraffic(ServerProcess server)
{
    /// <summary>Names of the models: one that stays, one with tools, and one that is loaded for every request anew.</summary>
    public const string Model = "lexicon", ToolModel = "tools", Passing = "passing";

    private const string Schema =
        """{"type": "object", "properties": {"word": {"enum": ["river", "lake"]}, "count": {"type": "integer", "minimum": 1, "maximum": 9}}, "required": ["word", "count"], "additionalProperties": false}""";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, string> _replies = [];
    private int _sessions;

    private Func<Random, Task>[] Kinds =>
        [WholeAsync, StreamAsync, SeveralAsync, FormAsync, ToolAsync, EmbedAsync, TribunalAsync, TokensAsync, WrongAsync, VanishAsync, SessionAsync, PassAsync, ListAsync];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>How many kinds of requests there are, besides batches.</summary>
    public int Count => Kinds.Length;

    /// <summary>Makes a request of a kind, 0 … <see cref="Count"/> − 1, and checks the reply.</summary>
    public Task AskAsync(int kind, Random random) => Kinds[kind](random);

    /// <summary>Uploads a file, has it done as a batch, reads the results, and deletes both files.</summary>
    public async Task BatchAsync()
    {
        string input = string.Join('\n', Enumerable.Range(0, 4).Select(n =>
            $$$"""{"custom_id": "{{{n}}}", "method": "POST", "url": "/v1/completions", "body": {"prompt": "word {{{n}}}", "max_tokens": 4, "temperature": 0}}"""));
        using MultipartFormDataContent form = new() { { new StringContent("batch"), "purpose" }, { new ByteArrayContent(Encoding.UTF8.GetBytes(input)), "file", "in.jsonl" } };
        using HttpResponseMessage upload = await server.Client.PostAsync(new Uri("/v1/files", UriKind.Relative), form, Token);
        string file = (string)JsonNode.Parse(await upload.Content.ReadAsStringAsync(Token))!["id"]!;
        JsonNode batch = JsonNode.Parse(await PostAsync(
            "/v1/batches", $$"""{"input_file_id": "{{file}}", "endpoint": "/v1/completions", "completion_window": "24h"}"""))!;
        while ((string)batch["status"]! is "validating" or "in_progress" or "finalizing")
        {
            await Task.Delay(10, Token);
            batch = JsonNode.Parse((await server.GetAsync($"/v1/batches/{batch["id"]}")).Body)!;
        }
        Assert.Equal(4, (int)batch["request_counts"]!["completed"]!);
        string results = (await server.GetAsync($"/v1/files/{batch["output_file_id"]}/content")).Body;
        Assert.Equal(["0", "1", "2", "3"], results.TrimEnd('\n').Split('\n').Select(line => (string)JsonNode.Parse(line)!["custom_id"]!));
        foreach (string name in (string[])[file, (string)batch["output_file_id"]!])
        {
            using HttpResponseMessage deleted = await server.Client.DeleteAsync(new Uri($"/v1/files/{name}", UriKind.Relative), Token);
            Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        }
    }

    private async Task WholeAsync(Random random)
    {
        int n = random.Next(16);
        JsonNode reply = JsonNode.Parse(await PostAsync("/v1/chat/completions", Chat($"word {n}", $"\"temperature\": {n % 2}, \"seed\": {n}, \"max_tokens\": {4 + n}")))!;
        Same($"chat {n}", (string)reply["choices"]![0]!["message"]!["content"]!);
    }

    private async Task StreamAsync(Random random)
    {
        int n = random.Next(16);
        string events = await PostAsync("/v1/chat/completions", Chat($"word {n}", $"\"temperature\": {n % 2}, \"seed\": {n}, \"max_tokens\": {4 + n}, \"stream\": true"));
        Same($"chat {n}", TextOf(events)); // as the whole reply
    }

    private async Task SeveralAsync(Random random)
    {
        int n = random.Next(8);
        JsonNode reply = JsonNode.Parse(await PostAsync(
            "/v1/completions", $$"""{"prompt": ["river {{n}}", "lake {{n}}"], "n": 2, "seed": {{n}}, "temperature": 1, "max_tokens": 8, "logprobs": 3}"""))!;
        Same($"completions {n}", reply["choices"]!.ToJsonString());
    }

    private async Task FormAsync(Random random)
    {
        int n = random.Next(8);
        string body = Chat("river", $"\"temperature\": 1, \"seed\": {n}, \"response_format\": {{\"type\": \"json_schema\", \"json_schema\": {{\"name\": \"a\", \"schema\": {Schema}}}}}");
        JsonNode choice = JsonNode.Parse(await PostAsync("/v1/chat/completions", body))!["choices"]![0]!;
        string text = (string)choice["message"]!["content"]!;
        Same($"form {n}", text);
        if ((string)choice["finish_reason"]! == "stop")
            Assert.InRange((int)JsonNode.Parse(text)!["count"]!, 1, 9);
    }

    private async Task ToolAsync(Random random)
    {
        int n = random.Next(8);
        string body = Chat(
            "river", $"\"temperature\": 1, \"seed\": {n}, \"tools\": [{{\"type\": \"function\", \"function\": {{\"name\": \"find\", \"description\": \"d\", \"parameters\": {Schema}}}}}], \"tool_choice\": \"required\"", ToolModel);
        JsonNode choice = JsonNode.Parse(await PostAsync("/v1/chat/completions", body))!["choices"]![0]!;
        Same($"tool {n}", choice["message"]!["tool_calls"]?[0]!["function"]!.ToJsonString() ?? (string)choice["message"]!["content"]!);
    }

    private async Task EmbedAsync(Random random)
    {
        int n = random.Next(8);
        JsonNode reply = JsonNode.Parse(await PostAsync("/v1/embeddings", $$"""{"input": ["river {{n}}", "lake"], "encoding_format": "base64"}"""))!;
        Same($"embeddings {n}", reply["data"]!.ToJsonString());
    }

    private async Task TribunalAsync(Random random)
    {
        int n = random.Next(4);
        JsonNode reply = JsonNode.Parse(await PostAsync("/v1/tribunal", $$"""{"prompt": "word {{n}}", "temperature": 0, "max_tokens": 6}"""))!;
        Same($"tribunal {n}", (string)reply["output"]!);
    }

    private async Task TokensAsync(Random random)
    {
        int n = random.Next(4);
        string tokens = JsonNode.Parse(await PostAsync("/tokenize", $$"""{"prompt": "word {{n}}", "add_special_tokens": false}"""))!["tokens"]!.ToJsonString();
        Assert.Equal($"word {n}", (string)JsonNode.Parse(await PostAsync("/detokenize", $$"""{"tokens": {{tokens}}}"""))!["prompt"]!);
        await PostAsync("/apply-template", Chat("river", null));
    }

    private async Task WrongAsync(Random random)
    {
        (string Body, HttpStatusCode Status)[] wrong =
        [
            ("{", HttpStatusCode.BadRequest), ("""{"prompt": 3.5}""", HttpStatusCode.BadRequest), ("""{"prompt": "a", "model": "gpt-4"}""", HttpStatusCode.NotFound),
            ("""{"prompt": "a", "colour": 1}""", HttpStatusCode.BadRequest), ($$"""{"prompt": "{{new string('x', 5000)}}"}""", HttpStatusCode.BadRequest),
        ];
        (string body, HttpStatusCode status) = wrong[random.Next(wrong.Length)];
        using HttpResponseMessage response = await server.PostAsync("/v1/completions", body);
        Assert.Equal(status, response.StatusCode);
        Assert.NotNull(JsonNode.Parse(await response.Content.ReadAsStringAsync(Token))!["error"]!["message"]);
    }

    /// <summary>Goes away in the middle of a long stream, or before anything comes.</summary>
    private async Task VanishAsync(Random random)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
        int bytes = random.Next(3000);
        try
        {
            using HttpRequestMessage message = new(HttpMethod.Post, "/v1/completions")
            {
                Content = new StringContent("""{"prompt": "river", "n": 4, "max_tokens": 100, "temperature": 1, "ignore_eos": true, "stream": true}""", Encoding.UTF8, "application/json"),
            };
            Task<HttpResponseMessage> request = server.Client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
            if (bytes < 300)
                await leaving.CancelAsync();
            using HttpResponseMessage response = await request;
            await using Stream stream = await response.Content.ReadAsStreamAsync(Token);
            await stream.ReadExactlyAsync(new byte[bytes], Token);
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task SessionAsync(Random random)
    {
        string id = $"s-{Interlocked.Increment(ref _sessions)}";
        int n = random.Next(4);
        for (int turn = 0; turn < 3; turn++)
        {
            JsonNode reply = JsonNode.Parse(await PostAsync("/v1/chat/completions", Chat($"word {n}", $"\"temperature\": 0, \"max_tokens\": 6, \"session_id\": \"{id}\"")))!;
            Same($"session {n} {turn}", (string)reply["choices"]![0]!["message"]!["content"]!);
        }
        using HttpResponseMessage ended = await server.Client.DeleteAsync(new Uri($"/v1/sessions/{id}", UriKind.Relative), Token);
        Assert.Equal(HttpStatusCode.OK, ended.StatusCode);
    }

    private async Task PassAsync(Random random)
    {
        JsonNode reply = JsonNode.Parse(await PostAsync("/v1/chat/completions", Chat("word 1", "\"temperature\": 1, \"seed\": 1, \"max_tokens\": 5, \"keep_alive\": 0", Passing)))!;
        Same("chat 1", (string)reply["choices"]![0]!["message"]!["content"]!); // it is the same model
    }

    private async Task ListAsync(Random random)
    {
        int n = random.Next(4);
        JsonNode reply = JsonNode.Parse(await PostAsync(
            "/v1/bulk", $$"""{"endpoint": "/v1/completions", "requests": [{"prompt": "word {{n}}", "max_tokens": 4, "temperature": 0}, {"prompt": "a", "temperature": 9}]}"""))!;
        Assert.Equal([200, 400], reply["data"]!.AsArray().Select(item => (int)item!["status_code"]!));
        Same($"bulk {n}", (string)reply["data"]![0]!["body"]!["choices"]![0]!["text"]!);
    }

    private static string Chat(string words, string? fields, string model = Model) =>
        $$"""{"model": "{{model}}", "messages": [{"role": "user", "content": "{{words}}"}]{{(fields is null ? "" : ", ")}}{{fields}}}""";

    private async Task<string> PostAsync(string path, string body)
    {
        using HttpResponseMessage response = await server.PostAsync(path, body);
        string text = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{path} {body}: {text}");
        return text;
    }

    private static string TextOf(string events)
    {
        Assert.EndsWith("data: [DONE]\n\n", events, StringComparison.Ordinal);
        return string.Concat(events.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)[..^1]
            .Select(data => (string?)JsonNode.Parse(data["data: ".Length..])!["choices"]![0]!["delta"]!["content"]));
    }

    private void Same(string request, string reply)
    {
        lock (_lock)
        {
            if (!_replies.TryAdd(request, reply))
                Assert.Equal(_replies[request], reply);
        }
    }
}
