using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;

namespace LlamaEngine.AspNetCore.Bulk.Items;

/// <summary>What one request of many came to.</summary>
/// <param name="StatusCode">What it would have been answered with over HTTP.</param>
/// <param name="Body">The reply, or <c>{"error": {…}}</c>.</param>
internal sealed record ItemReply(int StatusCode, JsonObject Body)
{
    /// <summary>It was answered.</summary>
    public bool Succeeded => StatusCode is >= 200 and < 300;

    /// <summary>The reply to a request that was refused or failed.</summary>
    public static ItemReply Of(ApiException exception) => new(exception.Status, new JsonObject
    {
        ["error"] = new JsonObject
        {
            ["message"] = exception.Message,
            ["type"] = exception.Type,
            ["param"] = exception.Parameter,
            ["code"] = exception.Code,
        },
    });
}
