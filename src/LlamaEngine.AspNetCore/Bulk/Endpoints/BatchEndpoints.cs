using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Bulk.Storage;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Http;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.Formats;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LlamaEngine.AspNetCore.Bulk.Endpoints;

/// <summary>/v1/batches.</summary>
internal sealed class BatchEndpoints(BulkService bulk, ServerLimits limits)
{
    private const int MostListed = 100, Listed = 20, MostMetadata = 16, LongestKey = 64, LongestValue = 512;

    /// <summary>POST /v1/batches: begins a batch.</summary>
    public async Task CreateAsync(HttpContext context)
    {
        _ = bulk.Storage;
        RequestFields fields = new(await RequestBody.ReadAsync(context.Request, limits, context.RequestAborted));
        string input = JsonRead.Text(fields.Require("input_file_id"), "input_file_id");
        string endpoint = JsonRead.Text(fields.Require("endpoint"), "endpoint");
        string window = JsonRead.Text(fields.Require("completion_window"), "completion_window");
        ImmutableSortedDictionary<string, string>? metadata = ReadMetadata(fields.Take("metadata"));
        int? expiry = ReadExpiry(fields.Take("output_expires_after"));
        fields.RefuseOthers();
        if (!bulk.Runner.Urls.Contains(endpoint))
            throw RequestFields.NotSupported("endpoint", string.Join(", ", bulk.Runner.Urls.Order(StringComparer.Ordinal)));
        if (window != BulkService.CompletionWindow)
            throw RequestFields.NotSupported("completion_window", BulkService.CompletionWindow);
        await RespondAsync(context, bulk.CreateBatch(input, endpoint, metadata, expiry));
    }

    /// <summary>GET /v1/batches: lists batches, the latest first.</summary>
    public Task ListAsync(HttpContext context)
    {
        Paging.RefuseOthers(context.Request, "limit", "after");
        List<BatchObject> batches = bulk.Storage.Batches.List();
        batches.Reverse();
        ListPage<BatchObject> page = Paging.Cut(
            batches, batch => batch.Id, Paging.Text(context.Request, "after"), Paging.Limit(context.Request, Listed, MostListed));
        return JsonStyle.RespondAsync(context, JsonSerializer.SerializeToUtf8Bytes(page, BulkJson.Relaxed.ListPageBatchObject));
    }

    /// <summary>GET /v1/batches/{id}: how far a batch has come.</summary>
    public Task GetAsync(HttpContext context)
    {
        string id = IdOf(context);
        return RespondAsync(context, bulk.Storage.Batches.Find(id) ?? throw BulkService.NoBatch(id));
    }

    /// <summary>POST /v1/batches/{id}/cancel.</summary>
    public Task CancelAsync(HttpContext context) => RespondAsync(context, bulk.CancelBatch(IdOf(context)));

    private static string IdOf(HttpContext context) => (string)context.GetRouteValue("id")!;

    private static Task RespondAsync(HttpContext context, BatchObject batch) =>
        JsonStyle.RespondAsync(context, JsonSerializer.SerializeToUtf8Bytes(batch, BulkJson.Relaxed.BatchObject));

    private static ImmutableSortedDictionary<string, string>? ReadMetadata(JsonNode? node)
    {
        if (node is null)
            return null;
        JsonObject given = JsonRead.Object(node, "metadata");
        if (given.Count > MostMetadata)
            throw ApiException.Invalid($"'metadata' must have at most {MostMetadata} pairs.", "metadata", "invalid_value");
        ImmutableSortedDictionary<string, string>.Builder metadata = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach ((string key, JsonNode? value) in given)
        {
            string text = JsonRead.Text(value, $"metadata.{Untrusted.Show(key)}");
            if (key.Length is 0 or > LongestKey || text.Length > LongestValue)
                throw ApiException.Invalid(
                    $"'metadata' takes keys of 1 to {LongestKey} characters and texts of at most {LongestValue}.", "metadata", "invalid_value");
            metadata.Add(key, text);
        }
        return metadata.ToImmutable();
    }

    private static int? ReadExpiry(JsonNode? node)
    {
        if (node is null)
            return null;
        RequestFields fields = new(JsonRead.Object(node, "output_expires_after"), "output_expires_after");
        if (JsonRead.Text(fields.Require("anchor"), fields.PathOf("anchor")) != "created_at")
            throw RequestFields.NotSupported(fields.PathOf("anchor"), "created_at");
        int seconds = (int)JsonRead.Integer(fields.Require("seconds"), fields.PathOf("seconds"), FileUpload.LeastExpiry, FileUpload.MostExpiry);
        fields.RefuseOthers();
        return seconds;
    }
}
