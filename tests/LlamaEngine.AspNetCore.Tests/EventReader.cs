using System.Text;
using System.Text.Json.Nodes;

namespace LlamaEngine.AspNetCore.Tests;

/// <summary>Server-sent events, taken apart by their own rules: each is one line of data and an empty line.</summary>
public static class EventReader
{
    /// <summary>The data of all events of a text that was received; fails where its shape is another.</summary>
    public static string[] Split(string text)
    {
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        string[] events = text[..^2].Split("\n\n");
        Assert.All(events, one => Assert.StartsWith("data: ", one, StringComparison.Ordinal));
        Assert.All(events, one => Assert.DoesNotContain('\n', one));
        return Array.ConvertAll(events, one => one["data: ".Length..]);
    }

    /// <summary>Posts a streaming request and gives the pieces, without the [DONE] that must follow them.</summary>
    public static async Task<JsonNode[]> ReadAsync(this TestServer server, string path, string json)
    {
        Reply reply = await server.PostAsync(path, json);
        Assert.Equal(200, reply.Status);
        Assert.Equal("text/event-stream; charset=utf-8", reply.Response.Content.Headers.ContentType!.ToString());
        string[] events = Split(reply.Text);
        Assert.Equal("[DONE]", events[^1]);
        return Array.ConvertAll(events[..^1], data => JsonNode.Parse(data)!);
    }

    /// <summary>The text of each choice of a chat.</summary>
    public static string[] ChatTexts(this IEnumerable<JsonNode> chunks, int choices = 1) => Texts(chunks, choices, choice => (string?)choice["delta"]!["content"]);

    /// <summary>The text of each choice.</summary>
    public static string[] Texts(this IEnumerable<JsonNode> chunks, int choices, Func<JsonNode, string?> text)
    {
        StringBuilder[] texts = [.. Enumerable.Range(0, choices).Select(_ => new StringBuilder())];
        foreach (JsonNode? choice in chunks.SelectMany(chunk => chunk["choices"]!.AsArray()))
            texts[(int)choice!["index"]!].Append(text(choice));
        return Array.ConvertAll(texts, one => one.ToString());
    }
}
