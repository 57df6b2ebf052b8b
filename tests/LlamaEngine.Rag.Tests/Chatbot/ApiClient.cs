using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace LlamaEngine.Rag.Tests.Chatbot;

/// <summary>Calls the API as a program would, with JSON of its own.</summary>
internal static class ApiClient
{
    /// <summary>The running test is to end.</summary>
    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    public static async Task<JsonNode> GetJsonAsync(this HttpClient client, string path) => JsonNode.Parse(await client.GetStringAsync(path, Cancellation))!;

    public static async Task<string> CreateAsync(this HttpClient client)
    {
        using HttpResponseMessage reply = await client.PostAsync("api/conversations", Json("{}"), Cancellation);
        Assert.Equal(HttpStatusCode.Created, reply.StatusCode);
        return (string)JsonNode.Parse(await reply.Content.ReadAsStringAsync(Cancellation))!["id"]!;
    }

    public static async Task<HttpResponseMessage> AskAsync(this HttpClient client, string id, string question)
    {
        HttpRequestMessage request = new(HttpMethod.Post, $"api/conversations/{id}/questions") { Content = Json(new JsonObject { ["question"] = question }.ToJsonString()) };
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
    }

    /// <summary>Events as they come.</summary>
    public static async IAsyncEnumerable<(string Name, JsonNode Data)> EventsAsync(this HttpResponseMessage reply)
    {
        Assert.Equal("text/event-stream", reply.Content.Headers.ContentType?.MediaType);
        using StreamReader lines = new(await reply.Content.ReadAsStreamAsync(Cancellation));
        while (await lines.ReadLineAsync(Cancellation) is { } line)
        {
            string data = (await lines.ReadLineAsync(Cancellation))!;
            Assert.Equal("", await lines.ReadLineAsync(Cancellation));
            Assert.StartsWith("event: ", line, StringComparison.Ordinal);
            Assert.StartsWith("data: ", data, StringComparison.Ordinal);
            yield return (line["event: ".Length..], JsonNode.Parse(data["data: ".Length..])!);
        }
    }

    /// <summary>Asks and reads to the end.</summary>
    public static async Task<List<(string Name, JsonNode Data)>> AskToEndAsync(this HttpClient client, string id, string question)
    {
        using HttpResponseMessage reply = await client.AskAsync(id, question);
        return await reply.EventsAsync().ToListAsync(Cancellation);
    }

    /// <summary>The problem that a reply tells.</summary>
    public static async Task<JsonNode> ProblemAsync(this HttpResponseMessage reply)
    {
        Assert.Equal("application/problem+json", reply.Content.Headers.ContentType?.MediaType);
        JsonNode problem = JsonNode.Parse(await reply.Content.ReadAsStringAsync(Cancellation))!;
        Assert.Equal((int)reply.StatusCode, (int)problem["status"]!);
        Assert.NotEmpty((string)problem["title"]!);
        return problem;
    }
}
