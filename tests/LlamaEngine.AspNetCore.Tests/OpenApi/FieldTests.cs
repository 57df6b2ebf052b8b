using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests.OpenApi;

/// <summary>
/// What endpoints take is what the document says. Every object of the document's own examples gets every name that the document knows, one at a
/// time, and each of its fields gets values around its bounds.
/// </summary>
public sealed class FieldTests(FieldServer fixture) : IClassFixture<FieldServer>
{
    // Bodies for what no example shows.
    private static readonly (string Path, string Body)[] s_more =
    [
        ("/v1/chat/completions", """{"messages": [{"role": "user", "content": "a"}], "max_tokens": 1, "response_format": {"type": "text"}}"""),
        ("/v1/chat/completions", """{"messages": [{"role": "user", "content": "a"}], "max_tokens": 1, "response_format": {"type": "json_object"}}"""),
        ("/v1/batches", """
            {"input_file_id": "file-none", "endpoint": "/v1/completions", "completion_window": "24h", "metadata": {"a": "b"},
             "output_expires_after": {"anchor": "created_at", "seconds": 3600}}
            """),
    ];

    /// <summary>
    /// What the document says in words alone, since a schema cannot, or not in a way that a reader would want: fields that depend on others, on the
    /// model, or on what is inside a text. By the endings of the field's path and the words of the refusal.
    /// </summary>
    private static readonly (string Field, string Words)[] s_inWords =
    [
        ("model", "There is no model named"), ("models.generate", "There is no model named"), ("timeout", "was not done within"),
        ("session_id", "is still answering"), ("stream_options", "needs 'stream'"), ("stream", "needs 'stream'"), ("top_logprobs", "needs 'logprobs'"),
        ("max_completion_tokens", "must not differ"), ("best_of", "as 'n' says"), ("n", "times the number of prompts"), ("dimensions", "as wide as the model"),
        ("stop", "where there is a 'response_format'"), ("stop_token_ids", "No token is allowed"), ("ignore_eos", "where there is a 'response_format'"),
        ("tools", "demands a call"), ("tool_choice", "demands a call"), ("function.name", "demands a call"), ("tool_calls", "content' is missing"),
        ("arguments", "a JSON object, written as a text"), ("schema", "The JSON schema at"), ("parameters", "The JSON schema at"),
        ("prompt", "Either 'prompt' or 'messages'"), ("messages", "Either 'prompt' or 'messages'"), ("messages", "must be the user's"), ("rounds", "tokens of context"),
        ("approval_word", "must begin and end with"), ("approval_word", "lacks the place {approval}"), ("generate", "lacks the place {request}"),
        ("critique", "is empty"), ("revise", "is empty"), ("", "There is no file"),
    ];

    private static readonly SchemaValidator s_validator = new(ApiDocument.Root);

    private readonly TestServer _server = fixture.Server;

    public static TheoryData<string> Paths => [.. ApiDocument.Operations.Where(operation => operation.JsonBody is not null).Select(operation => operation.Path)];

    /// <summary>Else an object would be described that no test has seen.</summary>
    [Fact]
    public void Examples_have_every_object_of_the_document()
    {
        string[] described = [.. ApiDocument.Operations.SelectMany(operation => operation.JsonBody is { } body ? RequestShapes.All(body.GetProperty("schema")) : [])
            .Select(shape => shape.Place).Distinct()];
        string[] seen = [.. ApiDocument.Operations.SelectMany(BodiesOf).SelectMany(entry => RequestShapes.Sites(entry.Schema, entry.Body)).Select(site => site.Own.Place).Distinct()];
        Assert.True(described.Length > 20);
        Assert.Equal(described.Order(), seen.Order());
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Examples_are_answered(string path)
    {
        foreach (JsonElement body in BodiesOf(path).Where(entry => entry.IsExample).Select(entry => entry.Body))
        {
            Reply reply = await _server.PostAsync(path, body.GetRawText());
            Assert.True(reply.Status == 200, $"{body}: {reply.Text}");
            Assert.DoesNotContain("\"error\":{", reply.Text, StringComparison.Ordinal);
        }
    }

    /// <summary>A field that is described is not refused as unknown, and every other one is, by its name.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Fields_are_those_that_are_described(string path)
    {
        HashSet<string> names = [.. ApiDocument.Operations.SelectMany(BodiesOf).SelectMany(entry => RequestShapes.Sites(entry.Schema, entry.Body)).SelectMany(site => site.Own.Fields.Keys)];
        Assert.True(names.Count > 60);
        await ForEachAsync(
            from entry in BodiesOf(path)
            from site in RequestShapes.Sites(entry.Schema, entry.Body)
            from name in names.Append("nonsense").Append("Model").Append("")
            select (entry.Body, site, name),
            async one =>
            {
                (JsonElement body, Site site, string name) = one;
                bool isOwn = site.Own.Fields.ContainsKey(name), isOther = site.Others.Contains(name);
                // One of another alternative would make it that one, so it gets a value that could stand there.
                JsonNode value = isOther ? "a" : new JsonObject { ["?"] = new JsonArray(1) };
                Reply reply = await _server.PostAsync(path, RequestShapes.With(body, site, name, value).ToJsonString());
                string at = PathOf(site, name);
                bool isUnknown = reply.Status == 400 && reply.Parameter == at && reply.Message.Contains("is not supported here. Supported: ", StringComparison.Ordinal);
                bool isRight = isOther ? reply.Status == 400 : isUnknown != isOwn;
                if (isRight && isUnknown && UndescribedOf(reply, site) is [_, ..] more)
                    return $"{at}: not described are {string.Join(", ", more)}";
                return isRight ? null : $"{at} is {(isOwn ? "" : "not ")}described: {reply.Text}";
            });
    }

    /// <summary>Values that the document allows are taken, and all others are 400.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Ranges_are_those_that_are_described(string path) => await ForEachAsync(
        from place in (from entry in BodiesOf(path) from site in RequestShapes.Sites(entry.Schema, entry.Body) group (entry, site) by site.Own.Place)
        from number in Enumerable.Range(0, place.Count())
        let entry = place.ElementAt(number).entry
        let site = place.ElementAt(number).site
        from field in site.Own.Fields
        // What is refused for its kind is refused whatever stands beside it; what is taken may not go with something else.
        from value in number == 0 ? FieldValues.Of(field.Value) : FieldValues.AroundBounds(field.Value)
        select (entry.Schema, Body: RequestShapes.With(entry.Body, site, field.Key, value), At: PathOf(site, field.Key)),
        async one =>
        {
            if (one.Body["max_tokens"] is not null && one.At != "max_tokens")
                one.Body["max_tokens"] = 2; // enough to see that it is taken
            string? error = s_validator.Validate(one.Schema, JsonSerializer.SerializeToElement(one.Body));
            Reply reply = await _server.PostAsync(path, one.Body.ToJsonString());
            bool isRight = error is null ? reply.Status == 200 || IsInWords(one.At, reply) : reply.Status == 400;
            return isRight ? null : $"{one.At} in {one.Body.ToJsonString()}: {reply.Text}, but by the document: {error ?? "right"}";
        });

    /// <summary>Fields that the server says it supports, and the document does not.</summary>
    private static string[] UndescribedOf(Reply reply, Site site) =>
        [.. reply.Message.Split("Supported: ")[1].TrimEnd('.').Split(", ").Except(site.Own.Fields.Keys).Except(site.Others)];

    /// <summary>Many at once, so that the engine has them in one batch; says all that is wrong.</summary>
    private static async Task ForEachAsync<T>(IEnumerable<T> cases, Func<T, Task<string?>> check)
    {
        ConcurrentBag<string> wrong = [];
        int count = 0;
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (one, _) =>
        {
            Interlocked.Increment(ref count);
            if (await check(one) is { } error)
                wrong.Add(error);
        });
        Assert.True(wrong.IsEmpty, string.Join('\n', wrong.Order().Take(50)));
        Assert.True(count > 50, $"{count}");
    }

    private static string PathOf(Site site, string name) => site.Path.Length == 0 ? name : $"{site.Path}.{name}";

    private static bool IsInWords(string field, Reply reply) =>
        s_inWords.Any(rule => field.EndsWith(rule.Field, StringComparison.Ordinal) && reply.Message.Contains(rule.Words, StringComparison.Ordinal));

    private static IEnumerable<(JsonElement Schema, JsonElement Body, bool IsExample)> BodiesOf(string path) =>
        ApiDocument.Operations.Where(operation => operation.Path == path).SelectMany(BodiesOf);

    private static IEnumerable<(JsonElement Schema, JsonElement Body, bool IsExample)> BodiesOf(ApiOperation operation)
    {
        if (operation.JsonBody is not { } content)
            return [];
        JsonElement schema = content.GetProperty("schema");
        JsonElement[] examples = content.TryGetProperty("examples", out JsonElement named) ? [.. named.EnumerateObject().Select(example => example.Value.GetProperty("value"))] : [];
        return
        [
            .. examples.Select(body => (schema, body, true)),
            .. s_more.Where(more => more.Path == operation.Path).Select(more => (schema, JsonSerializer.Deserialize<JsonElement>(more.Body), false)),
        ];
    }
}
