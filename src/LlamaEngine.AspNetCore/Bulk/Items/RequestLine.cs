using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.Formats;

namespace LlamaEngine.AspNetCore.Bulk.Items;

/// <summary>One request of a batch: <c>{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {…}}</c>.</summary>
/// <param name="CustomId">The caller's name for it.</param>
/// <param name="Url">What it asks for: the path of an operation.</param>
/// <param name="Body">The request itself.</param>
internal sealed record RequestLine(string CustomId, string Url, JsonObject Body)
{
    /// <summary>Most characters of <see cref="CustomId"/>.</summary>
    public const int MaxCustomIdLength = 512;

    private const int MaxDepth = 64;

    /// <summary>Reads a line.</summary>
    /// <param name="line">The line, not blank.</param>
    /// <param name="urls">What the requests of this batch may ask for.</param>
    /// <param name="error">What is wrong, if there is no result.</param>
    public static RequestLine? Parse(Line line, IReadOnlyCollection<string> urls, out BatchError? error)
    {
        JsonObject request;
        try
        {
            request = JsonBody.Parse(line.Content.Span, MaxDepth);
        }
        catch (ApiException exception)
        {
            error = new("invalid_json_line", exception.Message.Replace("The body", "The line", StringComparison.Ordinal), Line: line.Number);
            return null;
        }
        error = null;
        foreach ((string name, _) in request)
        {
            if (name is not ("custom_id" or "method" or "url" or "body"))
                error ??= Unknown(name);
        }
        string? id = Text(request, "custom_id", ref error), method = Text(request, "method", ref error), url = Text(request, "url", ref error);
        error ??= CheckValues(id!, method!, url!, urls);
        error ??= request["body"] is JsonObject ? null : Missing(request, "body", "an object");
        if (error is null)
            return new RequestLine(id!, url!, (JsonObject)request["body"]!);
        error = error with { Line = line.Number };
        return null;
    }

    private static string? Text(JsonObject request, string name, ref BatchError? error)
    {
        if (request[name] is JsonValue node && node.TryGetValue(out string? text))
            return text;
        error ??= Missing(request, name, "a text");
        return null;
    }

    private static BatchError? CheckValues(string id, string method, string url, IReadOnlyCollection<string> urls)
    {
        if (id.Length is 0 or > MaxCustomIdLength)
            return new("invalid_custom_id", $"'custom_id' must have 1 … {MaxCustomIdLength} characters, not {id.Length}.", "custom_id");
        if (method != "POST")
            return new("invalid_method", $"'method' must be POST, not '{Untrusted.Show(method)}'.", "method");
        return urls.Contains(url)
            ? null
            : new("invalid_url", $"'url' must be {string.Join(" or ", urls)}, not '{Untrusted.Show(url)}'.", "url");
    }

    private static BatchError Missing(JsonObject request, string name, string kind) => request.ContainsKey(name)
        ? new("invalid_type", $"'{name}' must be {kind}.", name)
        : new("missing_required_parameter", $"Missing required parameter: '{name}'.", name);

    private static BatchError Unknown(string name) =>
        new("unknown_parameter", $"Unknown parameter: '{Untrusted.Show(name)}'; a line has custom_id, method, url and body.", Untrusted.Show(name));
}
