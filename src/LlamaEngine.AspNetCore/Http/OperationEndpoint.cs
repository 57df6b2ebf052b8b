using System.Text.Json.Nodes;
using LlamaEngine.AspNetCore.Errors;
using LlamaEngine.AspNetCore.Json;
using LlamaEngine.AspNetCore.Operations;
using LlamaEngine.AspNetCore.Requests;
using LlamaEngine.AspNetCore.Security;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace LlamaEngine.AspNetCore.Http;

/// <summary>Serves an operation over HTTP: the body in, the reply out, whole or as events.</summary>
internal sealed class OperationEndpoint(IOperation operation, ServerLimits limits, ILogger logger)
{
    /// <summary>Answers a request.</summary>
    public Task HandleAsync(HttpContext context) => ApiEndpoint.RunAsync(context, AnswerAsync, operation.PromptField, logger);

    private async Task AnswerAsync(HttpContext context)
    {
        CancellationToken aborted = context.RequestAborted;
        JsonObject body = await RequestBody.ReadAsync(context.Request, limits, aborted).ConfigureAwait(false);
        if (operation is IStreamingOperation streaming && streaming.IsStreaming(body))
        {
            await StreamAsync(context, streaming, body).ConfigureAwait(false);
            return;
        }
        JsonObject reply = await operation.RunAsync(body, 0, aborted).ConfigureAwait(false);
        RequestUsage.Of(context)?.Add((int?)reply["usage"]?["total_tokens"] ?? 0);
        await JsonStyle.RespondAsync(context, JsonStyle.Encode(reply)).ConfigureAwait(false);
    }

    /// <summary>What goes wrong behind the first event is the last one; there is no [DONE] then.</summary>
    private async Task StreamAsync(HttpContext context, IStreamingOperation streaming, JsonObject body)
    {
        CancellationToken aborted = context.RequestAborted;
        await using var events = new EventStream(context);
        try
        {
            await streaming.StreamAsync(body, 0, events, aborted).ConfigureAwait(false);
            await events.EndAsync(aborted).ConfigureAwait(false);
        }
        catch (Exception exception) when (events.HasBegun && exception is not OperationCanceledException)
        {
            ApiException error = ApiEndpoint.Translate(exception, operation.PromptField, context, logger);
            await events.FailAsync(error, aborted).ConfigureAwait(false);
        }
    }
}
