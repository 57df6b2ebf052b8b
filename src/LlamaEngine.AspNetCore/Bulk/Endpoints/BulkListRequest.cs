using System.Collections.Immutable;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.AspNetCore.Requests;

namespace LlamaEngine.AspNetCore.Bulk.Endpoints;

/// <summary>The body of /v1/bulk: <c>{"endpoint", "requests": [ … ], "priority"?}</c>.</summary>
/// <param name="Endpoint">What the requests ask for: the path of an operation.</param>
/// <param name="Requests">The requests; what is no object is refused by itself.</param>
/// <param name="Priority">Added to the priority of bulk work.</param>
internal sealed record BulkListRequest(string Endpoint, ImmutableArray<JsonNode?> Requests, int Priority)
{
    private const int MostPriority = 1_000_000;

    /// <summary>Reads a body.</summary>
    /// <exception cref="ApiException">A field is missing, wrong or not supported.</exception>
    public static BulkListRequest Read(JsonObject body, IReadOnlyCollection<string> urls, int maxItems)
    {
        RequestFields fields = new(body);
        string endpoint = JsonRead.Text(fields.Require("endpoint"), "endpoint");
        if (!urls.Contains(endpoint))
            throw RequestFields.NotSupported("endpoint", string.Join(", ", urls.Order(StringComparer.Ordinal)));
        JsonArray requests = JsonRead.List(fields.Require("requests"), "requests", "a list of requests");
        int priority = fields.Integer("priority", -MostPriority, MostPriority) ?? 0;
        fields.RefuseOthers();
        return requests.Count <= maxItems
            ? new BulkListRequest(endpoint, [.. requests], priority)
            : throw ApiException.Invalid(
                $"'requests' has {requests.Count} elements, and at most {maxItems} are taken at once; /v1/batches takes more.", "requests", "too_many_requests");
    }
}
