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
internal sealed class OperationEndpoint(IOperation operation, ServerLimits limits, StreamPace pace, ILogger logger)
{
    /// <summary>Answers a request.</summary>
    public Task HandleAsync(HttpContext context) => ApiEndpoint.RunAsync(context, AnswerAsync, operation.PromptField, logger);

    private async Task AnswerAsync(HttpContext context)
    {
        JsonObject body = await RequestBody.ReadAsync(context.Request, limits, context.RequestAborted).ConfigureAwait(false);
        var control = RequestControl.Of(context);
        try
        {
            if (operation is IStreamingOperation streaming && streaming.IsStreaming(body))
                await StreamAsync(context, streaming, body, control).ConfigureAwait(false);
            else
                await RespondAsync(context, body, control).ConfigureAwait(false);
        }
        catch (OperationCanceledException exception) when (IsCutOff(context, control))
        {
            throw CutOff(exception);
        }
    }

    private async Task RespondAsync(HttpContext context, JsonObject body, RequestControl control)
    {
        JsonObject reply = await operation.RunAsync(body, 0, control.Stop).ConfigureAwait(false);
        control.Add((int?)reply["usage"]?["total_tokens"] ?? 0);
        await JsonStyle.RespondAsync(context, JsonStyle.Encode(reply)).ConfigureAwait(false);
    }

    /// <summary>What goes wrong behind the first event is the last one; there is no [DONE] then.</summary>
    private async Task StreamAsync(HttpContext context, IStreamingOperation streaming, JsonObject body, RequestControl control)
    {
        CancellationToken aborted = context.RequestAborted;
        await using var events = new EventStream(context, control, pace.Updates);
        pace.Enter();
        try
        {
            await streaming.StreamAsync(body, 0, events, control.Stop).ConfigureAwait(false);
            await events.EndAsync(aborted).ConfigureAwait(false);
        }
        catch (Exception exception) when (events.HasBegun && (exception is not OperationCanceledException || IsCutOff(context, control)))
        {
            Exception shown = exception is OperationCanceledException ? CutOff(exception) : exception;
            ApiException error = ApiEndpoint.Translate(shown, operation.PromptField, context, logger);
            await events.FailAsync(error, aborted).ConfigureAwait(false);
        }
        finally
        {
            pace.Leave();
        }
    }

    /// <summary>The client is there, but the server has to stop.</summary>
    private static bool IsCutOff(HttpContext context, RequestControl control) =>
        control.Stop.IsCancellationRequested && !context.RequestAborted.IsCancellationRequested;

    private static ApiException CutOff(Exception exception) =>
        LoadErrors.Unavailable("The server is shutting down and could not finish the request.", "shutting_down", exception);
}
