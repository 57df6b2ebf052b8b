using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Bulk.Items;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Http;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.AspNetCore.Security;
using Microsoft.AspNetCore.Http;

namespace LlamaEngine.AspNetCore.Bulk.Endpoints;

/// <summary>POST /v1/bulk: runs a list of requests and gives one result for each, in their order, while the client waits.</summary>
/// <remarks>The reply is sent as far as it is known, as one list or, where the client accepts application/x-ndjson, a result a line.</remarks>
internal sealed class BulkListEndpoint(BulkService bulk, ServerLimits limits)
{
    private const string Lines = "application/x-ndjson";

    // The list itself, and the object around it.
    private readonly ServerLimits _limits = limits with { BodyBytes = Math.Max(limits.BodyBytes, bulk.Options.MaxBulkBytes), Depth = limits.Depth + 2 };

    /// <summary>Answers a request.</summary>
    public async Task RunAsync(HttpContext context)
    {
        JsonObject body = await RequestBody.ReadAsync(context.Request, _limits, context.RequestAborted);
        BulkListRequest request = BulkListRequest.Read(body, bulk.Runner.Urls, bulk.Options.MaxBulkItems);
        bool asLines = context.Request.GetTypedHeaders().Accept.Any(type => type.MediaType.Equals(Lines, StringComparison.OrdinalIgnoreCase));
        var control = RequestControl.Of(context);
        using var source = CancellationTokenSource.CreateLinkedTokenSource(control.Stop);
        TaskCompletionSource<ItemReply>[] replies = [.. request.Requests.Select(_ =>
            new TaskCompletionSource<ItemReply>(TaskCreationOptions.RunContinuationsAsynchronously))];
        Task work = RunAllAsync(request, replies, source.Token);
        try
        {
            IEnumerable<Task<ItemReply>> results = replies.Select(reply => reply.Task.WaitAsync(source.Token));
            await (asLines ? WriteLinesAsync(context, results, control) : WriteListAsync(context, results, control));
        }
        catch (OperationCanceledException) when (context.Response.HasStarted)
        {
            // The server has to stop: half a reply must not look like a whole one.
            context.Abort();
        }
        finally
        {
            // Nobody waits for the others any more.
            await source.CancelAsync();
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Task RunAllAsync(BulkListRequest request, TaskCompletionSource<ItemReply>[] replies, CancellationToken cancellation)
    {
        ParallelOptions options = new() { MaxDegreeOfParallelism = bulk.Options.Concurrency, CancellationToken = cancellation };
        return Parallel.ForAsync(0, replies.Length, options, async (i, token) =>
        {
            ItemReply reply = request.Requests[i] is JsonObject body
                ? await bulk.Runner.RunAsync(request.Endpoint, body, request.Priority, token)
                : ItemReply.Of(JsonRead.Wrong(request.Requests[i], $"requests[{i}]", "an object"));
            replies[i].SetResult(reply);
        });
    }

    private static async Task WriteLinesAsync(HttpContext context, IEnumerable<Task<ItemReply>> results, RequestControl control)
    {
        context.Response.ContentType = Lines;
        await using Utf8JsonWriter json = new(context.Response.BodyWriter, JsonStyle.Writer);
        UsageSum usage = new();
        int index = 0;
        foreach (Task<ItemReply> result in results)
        {
            ItemReply reply = await result;
            WriteResult(json, index++, reply);
            control.Add(usage.Add(reply.Body));
            await json.FlushAsync(context.RequestAborted);
            context.Response.BodyWriter.Write("\n"u8);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
            json.Reset();
        }
    }

    private static async Task WriteListAsync(HttpContext context, IEnumerable<Task<ItemReply>> results, RequestControl control)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        await using Utf8JsonWriter json = new(context.Response.BodyWriter, JsonStyle.Writer);
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        UsageSum usage = new();
        int index = 0;
        foreach (Task<ItemReply> result in results)
        {
            ItemReply reply = await result;
            WriteResult(json, index++, reply);
            control.Add(usage.Add(reply.Body));
            await json.FlushAsync(context.RequestAborted);
            await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
        }
        json.WriteEndArray();
        usage.WriteTo(json);
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    private static void WriteResult(Utf8JsonWriter json, int index, ItemReply reply)
    {
        json.WriteStartObject();
        json.WriteNumber("index"u8, index);
        json.WriteNumber("status_code"u8, reply.StatusCode);
        json.WritePropertyName(reply.Succeeded ? "body"u8 : "error"u8);
        (reply.Succeeded ? reply.Body : reply.Body["error"]!).WriteTo(json);
        json.WriteEndObject();
    }
}
