using System.Net;
using System.Text.Json.Nodes;

namespace LlamaEngine.Rag.Tests.Chatbot;

/// <summary>A question over HTTP: events as they come, and a turn in the log however the answer ends.</summary>
public sealed class QuestionTests : IAsyncLifetime
{
    private ChatbotSite _site = null!;

    public async ValueTask InitializeAsync() => _site = await ChatbotSite.StartAsync(("a.md", ["The buoy is red.", "The pier is long."]));

    public ValueTask DisposeAsync() => _site.DisposeAsync();

    [Fact]
    public async Task Events_come_as_the_answer_is_made_and_the_turn_is_kept()
    {
        ScriptedAnswer script = _site.Chat.Prepare([_site.Passage(1, "a.md", 0), _site.Passage(2, "a.md", 1)], "The buoy ", "is red. [1]");
        string id = await _site.Client.CreateAsync();
        using HttpResponseMessage reply = await _site.Client.AskAsync(id, "  Which colour?  ");
        await using var events = reply.EventsAsync().GetAsyncEnumerator(ApiClient.Cancellation);

        // Each is read before the next may happen: nothing waits for the end.
        JsonNode passages = await NextAsync(events, "passages");
        Assert.Equal("looked for: Which colour?", (string)passages["query"]!);
        Assert.Equal(["The buoy is red.", "The pier is long."], passages["passages"]!.AsArray().Select(one => (string)one!["text"]!));
        Assert.Equal("Part 2", (string)passages["passages"]![1]!["heading"]!);
        script.Release();
        Assert.Equal("The buoy ", (string)(await NextAsync(events, "text"))["text"]!);
        Assert.True((bool)(await _site.Client.GetJsonAsync($"api/conversations/{id}"))["running"]!);
        script.Release();
        Assert.Equal("is red. [1]", (string)(await NextAsync(events, "text"))["text"]!);
        script.Release();
        JsonNode done = await NextAsync(events, "done");
        Assert.Equal("The buoy is red. [1]", (string)done["text"]!);
        Assert.False((bool)done["refusal"]!);
        Assert.Equal("[1]", done["cited"]!.ToJsonString());
        Assert.Equal("""{"promptTokens":420,"reusedTokens":400,"answerTokens":2,"retrievalMs":3,"firstTokenMs":12.5,"totalMs":250}""", done["usage"]!.ToJsonString());

        // The last event was told: the turn is there, and the next question may come.
        JsonNode kept = await _site.Client.GetJsonAsync($"api/conversations/{id}");
        Assert.False((bool)kept["running"]!);
        Assert.Equal("Which colour?", (string)kept["title"]!);
        JsonNode turn = Assert.Single(kept["turns"]!.AsArray())!;
        Assert.Equal(("complete", "The buoy is red. [1]"), ((string)turn["status"]!, (string)turn["text"]!));
        Assert.Equal(passages["passages"]!.ToJsonString(), turn["passages"]!.ToJsonString());
        Assert.False(await events.MoveNextAsync());
    }

    [Fact]
    public async Task The_next_question_brings_what_was_answered_and_not_what_was_stopped_or_failed()
    {
        string id = await _site.Client.CreateAsync();
        CitedPassage shown = _site.Passage(1, "a.md", 1);
        _site.Chat.Prepare([shown], "One.").ReleaseAll();
        await _site.Client.AskToEndAsync(id, "first");
        _site.Log.Append(id, new ConversationTurn { Question = "s", Text = "par", Status = TurnStatus.Stopped });
        _site.Log.Append(id, new ConversationTurn { Question = "f", Text = "", Status = TurnStatus.Failed });
        _site.Log.Append(id, new ConversationTurn { Question = "r", Text = "The documents do not say.", Status = TurnStatus.Refused });
        _site.Chat.Prepare([], "Two.").ReleaseAll();
        await _site.Client.AskToEndAsync(id, "second");
        IReadOnlyList<Exchange> history = _site.Chat.Asked.Last().History;
        Assert.Equal([("first", "One."), ("r", "The documents do not say.")], history.Select(one => (one.Question, one.Answer)));
        Assert.Equal([shown.Passage], history[0].Passages);
    }

    [Fact]
    public async Task A_refusal_says_so()
    {
        _site.Chat.Prepare(new ScriptedAnswer([], ["The documents do not say."]) { IsRefusal = true }).ReleaseAll();
        string id = await _site.Client.CreateAsync();
        (string name, JsonNode data) = (await _site.Client.AskToEndAsync(id, "q")).Last();
        Assert.Equal(("done", true, 0), (name, (bool)data["refusal"]!, data["cited"]!.AsArray().Count));
        Assert.Equal("refused", (string)(await _site.Client.GetJsonAsync($"api/conversations/{id}"))["turns"]![0]!["status"]!);
    }

    [Fact]
    public async Task A_client_that_goes_away_stops_the_answer_and_what_there_was_is_kept()
    {
        ScriptedAnswer script = _site.Chat.Prepare([_site.Passage(1, "a.md", 0)], "The buoy ", "never said");
        string id = await _site.Client.CreateAsync();
        script.Release();
        using (HttpResponseMessage reply = await _site.Client.AskAsync(id, "q"))
        {
            await using var events = reply.EventsAsync().GetAsyncEnumerator(ApiClient.Cancellation);
            await NextAsync(events, "passages");
            await NextAsync(events, "text");
        }
        await script.Stopped;
        await StopAsync(id); // returns when the answer has ended, whoever ended it
        JsonNode turn = Assert.Single((await _site.Client.GetJsonAsync($"api/conversations/{id}"))["turns"]!.AsArray())!;
        Assert.Equal(("stopped", "The buoy ", 1), ((string)turn["status"]!, (string)turn["text"]!, turn["passages"]!.AsArray().Count));
    }

    [Fact]
    public async Task An_answer_is_stopped_by_request_too()
    {
        ScriptedAnswer script = _site.Chat.Prepare([], "Half", " never said");
        string id = await _site.Client.CreateAsync();
        script.Release();
        using HttpResponseMessage reply = await _site.Client.AskAsync(id, "q");
        await using var events = reply.EventsAsync().GetAsyncEnumerator(ApiClient.Cancellation);
        await NextAsync(events, "passages");
        await NextAsync(events, "text");
        await StopAsync(id);
        Assert.Equal("Half", (string)(await NextAsync(events, "stopped"))["text"]!);
        Assert.Equal("stopped", (string)(await _site.Client.GetJsonAsync($"api/conversations/{id}"))["turns"]![0]!["status"]!);
        await StopAsync(id); // nothing runs: nothing happens
    }

    [Fact]
    public async Task One_conversation_answers_one_question_at_a_time_and_others_go_on()
    {
        ScriptedAnswer first = _site.Chat.Prepare([], "A");
        string one = await _site.Client.CreateAsync(), other = await _site.Client.CreateAsync();
        using HttpResponseMessage reply = await _site.Client.AskAsync(one, "q");
        await using var events = reply.EventsAsync().GetAsyncEnumerator(ApiClient.Cancellation);
        await NextAsync(events, "passages");
        using HttpResponseMessage second = await _site.Client.AskAsync(one, "again");
        Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
        Assert.Contains("still being answered", (string)(await second.ProblemAsync())["detail"]!, StringComparison.Ordinal);
        _site.Chat.Prepare([], "B").ReleaseAll();
        Assert.Equal("done", (await _site.Client.AskToEndAsync(other, "q")).Last().Name);
        first.ReleaseAll();
        await NextAsync(events, "text");
        await NextAsync(events, "done");
        _site.Chat.Prepare([], "C").ReleaseAll();
        Assert.Equal("done", (await _site.Client.AskToEndAsync(one, "again")).Last().Name);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_failure_is_an_event_and_a_turn_and_says_why_only_where_that_is_meant_for_people(bool isForPeople)
    {
        Exception failure = isForPeople ? new IOException("the disk is full") : new InvalidOperationException("the disk is full");
        _site.Chat.Prepare(new ScriptedAnswer([], ["Half"]) { Failure = failure }).ReleaseAll();
        string id = await _site.Client.CreateAsync();
        (string name, JsonNode data) = (await _site.Client.AskToEndAsync(id, "q")).Last();
        Assert.Equal("error", name);
        Assert.Equal(isForPeople, data.ToJsonString().Contains("the disk is full", StringComparison.Ordinal));
        JsonNode turn = Assert.Single((await _site.Client.GetJsonAsync($"api/conversations/{id}"))["turns"]!.AsArray())!;
        Assert.Equal(("failed", "Half"), ((string)turn["status"]!, (string)turn["text"]!));
    }

    [Fact]
    public async Task Deleting_a_conversation_stops_its_answer()
    {
        ScriptedAnswer script = _site.Chat.Prepare([], "never said");
        string id = await _site.Client.CreateAsync();
        using HttpResponseMessage reply = await _site.Client.AskAsync(id, "q");
        using HttpResponseMessage deleted = await _site.Client.DeleteAsync($"api/conversations/{id}", ApiClient.Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await script.Stopped;
        Assert.Equal("stopped", (await reply.EventsAsync().ToListAsync(ApiClient.Cancellation)).Last().Name);
        Assert.Empty(_site.Log.List());
    }

    [Fact]
    public async Task A_server_that_ends_keeps_what_there_was()
    {
        ScriptedAnswer script = _site.Chat.Prepare([], "Half", "never said");
        string id = await _site.Client.CreateAsync();
        script.Release();
        using HttpResponseMessage reply = await _site.Client.AskAsync(id, "q");
        await using var events = reply.EventsAsync().GetAsyncEnumerator(ApiClient.Cancellation);
        await NextAsync(events, "passages");
        await NextAsync(events, "text");
        await _site.RestartAsync();
        JsonNode turn = Assert.Single((await _site.Client.GetJsonAsync($"api/conversations/{id}"))["turns"]!.AsArray())!;
        Assert.Equal(("stopped", "Half"), ((string)turn["status"]!, (string)turn["text"]!));
    }

    [Theory]
    [InlineData(0, 400)]
    [InlineData(1, 200)]
    [InlineData(4000, 200)]
    [InlineData(4001, 400)]
    [InlineData(100_000, 413)]
    public async Task A_question_has_one_to_four_thousand_characters(int length, int status)
    {
        string id = await _site.Client.CreateAsync();
        _site.Chat.Prepare([], "A").ReleaseAll();
        using HttpResponseMessage reply = await _site.Client.AskAsync(id, new string('é', length));
        Assert.Equal(status, (int)reply.StatusCode);
        if (status != 200)
            Assert.NotEmpty((string)(await reply.ProblemAsync())["detail"]!);
    }

    private async Task StopAsync(string id)
    {
        using HttpResponseMessage reply = await _site.Client.PostAsync($"api/conversations/{id}/stop", ApiClient.Json("{}"), ApiClient.Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, reply.StatusCode);
    }

    private static async Task<JsonNode> NextAsync(IAsyncEnumerator<(string Name, JsonNode Data)> events, string name)
    {
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(name, events.Current.Name);
        return events.Current.Data;
    }
}
